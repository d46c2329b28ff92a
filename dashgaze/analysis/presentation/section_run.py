"""Running the sections of an analysis: one that can't be made says why, and the others go on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from dashgaze.errors import DashgazeError, InputError, MissingExtraError
from dashgaze.progress import Progress, silent

from ..contract.finding import Finding, Section
from ..gaze.drivers import drivers
from ..gaze.glances import glances
from ..gaze.options import GazeOptions
from ..gaze.spread import spread
from ..gaze.vanishing_point_bias import vanishing_point_bias
from ..quality.data_quality import data_quality
from .beside import labelled_boxes, quality_options
from .figure_files import FIGURES_FOLDER, FigureFile, write_figure
from .gaze_on_road import gaze_on_road
from .material import Material
from .mean_frames import mean_frames


@dataclass(frozen=True, kw_only=True)
class SectionMaker:
    """One section that may be asked for.

    Attributes
    ----------
    key, title
        Of the section.
    question
        What it would have answered, for where it can't be made.
    make
        Makes it.
    """

    key: str
    title: str
    question: str
    make: Callable[[Material], Section]


@dataclass(frozen=True, kw_only=True, eq=False)
class SectionResult:
    """A section whose figures are drawn.

    Attributes
    ----------
    section
        What the analysis said.
    figures
        Files of its figures, in order.
    problem
        Why the section could not be made; "" if it could.
    """

    section: Section
    figures: tuple[FigureFile, ...]
    problem: str = ""


def all_sections(material: Material) -> tuple[SectionMaker, ...]:
    """List the sections of an analysis, in the order of the report; that of saliency maps only if there are any."""
    options = GazeOptions(
        tracks=material.tracks, repeats=material.options.repeats, seed=material.options.seed
    )

    def of_gaze(make: Callable[..., Section]) -> Callable[[Material], Section]:
        return lambda given: make(given.study, given.directions, options)

    makers = (
        SectionMaker(
            key="vanishing_point",
            title="Gaze and the vanishing point",
            question="Is gaze drawn to where the car goes?",
            make=of_gaze(vanishing_point_bias),
        ),
        SectionMaker(
            key="spread",
            title="Spread of gaze",
            question="How widely is gaze spread, and when?",
            make=of_gaze(spread),
        ),
        SectionMaker(
            key="glances",
            title="Glances off the road",
            question="How often and how long do drivers look off the road?",
            make=of_gaze(glances),
        ),
        SectionMaker(
            key="objects",
            title="Gaze on objects",
            question="How much of gaze is on objects?",
            make=_objects,
        ),
        SectionMaker(
            key="drivers",
            title="Drivers",
            question="How much do drivers differ?",
            make=of_gaze(drivers),
        ),
        SectionMaker(
            key="saliency",
            title="Saliency maps",
            question="Do saliency maps tell where drivers look?",
            make=_saliency,
        ),
        SectionMaker(
            key="quality",
            title="Data quality",
            question="How accurate, precise and complete is gaze?",
            make=lambda given: data_quality(given.study, given.directions, quality_options(given)),
        ),
        SectionMaker(
            key="gaze_on_road",
            title="Gaze on the road picture",
            question="Where in the road picture is gaze?",
            make=gaze_on_road,
        ),
        SectionMaker(
            key="mean_frames",
            title="Mean frames",
            question="What do road and driver look like on average?",
            make=mean_frames,
        ),
    )
    wanted = material.options.saliency is not None
    return tuple(each for each in makers if wanted or each.key != "saliency")


def run_sections(
    makers: Sequence[SectionMaker],
    material: Material,
    folder: Path,
    *,
    progress: Progress = silent,
) -> tuple[SectionResult, ...]:
    """Make sections and draw their figures into ``figures/`` of a folder.

    Parameters
    ----------
    makers
        Which.
    material
        What they are made of.
    folder
        Of the report.
    progress
        Where to report to.
    """
    figures = folder / FIGURES_FOLDER
    figures.mkdir(exist_ok=True)
    taken: set[str] = set()
    results = []
    for done, maker in enumerate(makers):
        progress(maker.title.lower(), done / len(makers))
        section, problem = _made(maker, material)
        drawn = []
        for plot in section.plots:
            # Names of figures are those of files: two sections may have hit upon the same.
            name = plot.name if plot.name not in taken else f"{section.key}_{plot.name}"
            taken.add(name)
            drawn.append(write_figure(plot, name, figures))
        # What figures are made of is large, and nobody wants them a second time.
        section = replace(
            section, plots=tuple(replace(plot, draw=_drawn_already) for plot in section.plots)
        )
        results.append(SectionResult(section=section, figures=tuple(drawn), problem=problem))
        if material.shelf is not None:
            material.shelf.forget()
    return tuple(results)


def _drawn_already() -> NoReturn:
    raise RuntimeError("a figure is drawn once, by run_sections")


def _made(maker: SectionMaker, material: Material) -> tuple[Section, str]:
    try:
        section = maker.make(material)
    except DashgazeError as error:
        refused = Finding(key=maker.key, question=maker.question, cannot_say=str(error))
        return Section(key=maker.key, title=maker.title, findings=(refused,)), str(error)
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] not in ("statsmodels", "astral"):
            raise
        missing = MissingExtraError(
            f"{error.name} is not installed, which this analysis needs.",
            fix="Type `pip install 'dashgaze[analysis]'`.",
        )
        refused = Finding(key=maker.key, question=maker.question, cannot_say=str(missing))
        return Section(key=maker.key, title=maker.title, findings=(refused,)), str(missing)
    if section.findings or section.plots or section.tables:
        return section, ""
    empty = Finding(
        key=maker.key, question=maker.question, cannot_say="There is nothing to say it from."
    )
    return replace(section, findings=(empty,)), ""


def _objects(material: Material) -> Section:
    from ..objects.gaze_on_objects import gaze_on_objects
    from ..objects.options import ObjectOptions

    if material.boxes is None:
        return Section(
            key="objects",
            title="Gaze on objects",
            findings=(
                Finding(
                    key="objects.share",
                    question="How much of gaze is on objects?",
                    cannot_say="No boxes of objects were given. Give them with `--boxes`: CSV or COCO JSON.",
                ),
            ),
        )
    options = ObjectOptions(
        boxes=material.boxes,
        tracker_error_deg=material.options.tracker_error_deg,
        seed=material.options.seed,
    )
    return gaze_on_objects(material.study, material.directions, options)


def _saliency(material: Material) -> Section:
    from ..saliency.evaluation import evaluate_saliency
    from ..saliency.options import SaliencyOptions

    options = material.options
    if material.dataset is None or options.saliency is None:
        raise InputError(
            "Saliency maps are held against a packed data set.",
            fix="Give one, and the folder of maps.",
        )
    return evaluate_saliency(
        material.dataset.folder,
        options.saliency,
        SaliencyOptions(
            split=options.split,
            sessions=options.sessions,
            boxes=labelled_boxes(material),
            seed=options.seed,
        ),
    )
