"""All analyses of a data set, and one report over them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dashgaze._version import __version__
from dashgaze.files import filling, refuse_taken_folder, write_text
from dashgaze.progress import Progress, part_of, silent

from ..quality.methods import methods_text
from .beside import about_of_study, quality_options, read_beside, refuse_maps_of_others
from .facts import report_facts, report_notes, versions
from .headline import Headline, headlines
from .material import Material, read_material
from .options import AnalyzeOptions
from .page import make_page
from .page_html import fill_page
from .replacing_report import NUMBERS_NAME, SCHEMA, instead_of
from .section_run import SectionResult, all_sections, run_sections

REPORT_NAME = "report.html"
METHODS_NAME = "methods.md"
_USUAL = AnalyzeOptions()


def analyze(
    data: Path,
    options: AnalyzeOptions = _USUAL,
    out: Path = Path("analysis"),
    *,
    workers: int = 1,
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Analyse a packed data set and write a report that says what can be said, and what can't.

    Writes ``report.html`` (a page that needs no other file and no network), ``numbers.json`` (every number
    of every section, with versions, options and the data's digest), ``figures/`` (each as SVG and as PNG of
    300 dpi) and ``methods.md``. The same data, options and versions give the same numbers.

    Parameters
    ----------
    data
        The folder that `dashgaze pack` wrote.
    options
        What is analysed, and how.
    out
        Folder of the report; new or empty.
    workers
        Processes that decode pictures. With more than one, a script has to guard its start with ``if __name__ ==
        "__main__"``.
    force
        Whether a former report in that folder is replaced.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``report.html``.

    Raises
    ------
    InputError
        If the data set or what was given beside it can't be read.
    OutputError
        If the report can't be written.
    """
    out = Path(out).expanduser()
    with instead_of(out, force=force) as target:
        refuse_taken_folder(target)
        # Before anything that takes long: whoever gave a file that can't be used wants to know.
        read_beside(options)
        refuse_maps_of_others(data, options)
        material = read_material(
            data, options, workers=workers, progress=part_of(progress, 0.0, 0.4)
        )
        with filling(target) as folder:
            write_report(material, folder, progress=part_of(progress, 0.4, 1.0))
    progress("writing the report", 1.0)
    return out / REPORT_NAME


def write_report(material: Material, folder: Path, *, progress: Progress = silent) -> None:
    """Run all sections on what was read, and write all files of the report.

    Parameters
    ----------
    material
        What was read.
    folder
        An empty folder.
    progress
        Where to report to.
    """
    results = run_sections(all_sections(material), material, folder, progress=progress)
    rows = headlines(results)
    page = make_page(
        material,
        results,
        rows,
        notes=report_notes(material),
        facts=report_facts(material),
    )
    content = report_numbers(material, results, rows)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(folder / NUMBERS_NAME, text)
    methods = methods_text(
        material.study,
        material.directions,
        quality_options(material),
        about=about_of_study(material),
    )
    write_text(folder / METHODS_NAME, methods)
    write_text(folder / REPORT_NAME, fill_page(page))


def report_numbers(
    material: Material, results: Sequence[SectionResult], rows: Sequence[Headline]
) -> dict[str, Any]:
    """Give every number of a report as plain values."""
    study = material.study
    sections = []
    for result in results:
        content = result.section.to_json()
        for plot, file in zip(content["plots"], result.figures, strict=True):
            plot |= {"file": file.name, "problem": file.problem}
        sections.append(content | {"problem": result.problem})
    return {
        "schema": SCHEMA,
        "dashgaze": __version__,
        "versions": versions(),
        "data": {
            "title": study.title,
            "version": study.version,
            "digest": study.digest,
            "simulated": study.simulated,
            "sessions": [each.session_id for each in study.sessions],
            "drivers": list(study.drivers),
            "frames": sum(map(len, study.sessions)),
            "without_directions": dict(material.refused),
        },
        "options": _options(material.options),
        "notes": list(report_notes(material)),
        "headline": [asdict(row) | {"title": row.title} for row in rows],
        "sections": sections,
    }


def _options(options: AnalyzeOptions) -> dict[str, Any]:
    # Names alone: whole paths would tell of the machine.
    return {
        name: value.name if isinstance(value, Path) else value
        for name, value in asdict(options).items()
    }
