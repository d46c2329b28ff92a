"""What the report says, as plain text and pictures, for the template to lay out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dashgaze.reports.texts import MISSING, counted, number

from ..contract.finding import Finding, TableOfRows
from ..contract.study import SessionData
from .figure_files import FigureFile
from .headline import Headline, estimate_words, p_words
from .material import Material
from .replacing_report import NUMBERS_NAME
from .section_run import SectionResult

_OPEN_ROWS, _MOST_ROWS = 12, 1000
_OF_THE_DATA = ("quality", "mean_frames")


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A key figure."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class PageTable:
    """A table in words; folded if it is long."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool


@dataclass(frozen=True, kw_only=True)
class PageFinding:
    """A finding: its row of the headline table, and all that stands behind it."""

    headline: Headline
    method: str
    tests: tuple[str, ...]
    naive: str
    details: tuple[tuple[str, str, str], ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PageSection:
    """A section of the page."""

    key: str
    title: str
    problem: str
    text: tuple[str, ...]
    findings: tuple[PageFinding, ...]
    figures: tuple[FigureFile, ...]
    tables: tuple[PageTable, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Content of the page; see the template."""

    title: str
    subtitle: str
    simulated: bool
    summary: str
    headlines: tuple[Headline, ...]
    data_headlines: tuple[Headline, ...]
    tiles: tuple[Tile, ...]
    notes: tuple[str, ...]
    sections: tuple[PageSection, ...]
    facts: tuple[tuple[str, str], ...]
    portraits: bool


def make_page(
    material: Material,
    results: Sequence[SectionResult],
    rows: Sequence[Headline],
    *,
    notes: Sequence[str],
    facts: Sequence[tuple[str, str]],
) -> Page:
    """Put an analysis into words.

    Parameters
    ----------
    material
        What it was made of.
    results, rows
        Its sections and its headline table.
    notes
        What a reader has to know of how the data set was read.
    facts
        What it was made with.
    """
    study = material.study
    by_key = {(row.section, row.key, row.question): row for row in rows}
    minutes = sum(map(_minutes, study.sessions))
    return Page(
        title="What gaze says",
        subtitle=f"{study.title} {study.version} · {counted(len(study.sessions), 'session')} · "
        f"{counted(len(study.drivers), 'driver')} · {number(minutes)} minutes",
        simulated=study.simulated,
        summary=_summary(rows),
        headlines=tuple(row for row in rows if row.section not in _OF_THE_DATA),
        data_headlines=tuple(row for row in rows if row.section in _OF_THE_DATA),
        tiles=_tiles(material, minutes),
        notes=tuple(notes),
        sections=tuple(
            PageSection(
                key=result.section.key,
                title=result.section.title,
                problem=result.problem,
                text=result.section.text,
                findings=tuple(
                    _finding(each, by_key[result.section.key, each.key, each.question])
                    for each in result.section.findings
                ),
                figures=result.figures,
                tables=tuple(map(_table, result.section.tables)),
            )
            for result in results
        ),
        facts=tuple(facts),
        portraits=material.options.portraits,
    )


def _summary(rows: Sequence[Headline]) -> str:
    counts = Counter(row.verdict for row in rows)
    if not any(counts[each] for each in ("effect", "uncertain", "open", "estimate", "descriptive")):
        return "Nothing can be said from these data; the table tells why, question by question."
    parts = [
        (counts["effect"], "an effect"),
        (counts["uncertain"], "uncertain"),
        (counts["open"], "still open"),
        (counts["estimate"], "an estimate without a test"),
        (counts["descriptive"], "descriptive only"),
        (counts["cannot"], "can't be said from these data"),
    ]
    listed = "; ".join(f"{count}: {words}" for count, words in parts if count)
    return f"Of {counted(len(rows), 'question')}: {listed}."


def _minutes(session: SessionData) -> float:
    return float(session.time_s[-1] - session.time_s[0]) / 60 if len(session) > 1 else 0.0


def _tiles(material: Material, minutes: float) -> tuple[Tile, ...]:
    study = material.study
    several = sum(
        count > 1 for count in Counter(each.driver_id for each in study.sessions).values()
    )
    kinds = Counter(each.reference_kind for each in material.directions.values())
    lights = Counter(each.lighting or "unknown" for each in study.sessions)
    assumed = sum(each.focal_is_assumed for each in material.directions.values())
    return (
        Tile(
            label="Sessions",
            value=number(len(study.sessions)),
            detail=f"{number(len(material.directions))} with gaze in the road view",
        ),
        Tile(
            label="Drivers",
            value=number(len(study.drivers)),
            detail=f"{number(several)} with more than one session",
        ),
        Tile(
            label="Minutes",
            value=number(minutes),
            detail=f"{counted(sum(map(len, study.sessions)), 'frame')}, which are not the samples",
        ),
        Tile(
            label="Light",
            value=number(lights["day"]) + " by day",
            detail=", ".join(f"{count} {name}" for name, count in lights.items() if name != "day")
            or "no other",
        ),
        Tile(
            label="Measured from",
            value=_REFERENCES[kinds.most_common(1)[0][0]] if kinds else MISSING,
            detail=", ".join(f"{count} {_REFERENCES[name]}" for name, count in kinds.items())
            or "no session has gaze",
        ),
        Tile(
            label="Focal length",
            value="known" if not assumed else f"assumed in {assumed}",
            detail="degrees are exact" if not assumed else "their degrees are approximate",
        ),
    )


_REFERENCES = {
    "vanishing_point": "vanishing point",
    "mount_point": "direction of travel",
    "modal_gaze": "mode of gaze",
}


def _finding(finding: Finding, row: Headline) -> PageFinding:
    estimate = finding.estimate
    naive = ""
    if finding.naive_p is not None:
        naive = (
            f"A test that takes frames for independent gives p {_equals(finding.naive_p)}. It is wrong: "
            "neighbouring frames say the same, and frames of one driver are no other drivers."
        )
    return PageFinding(
        headline=row,
        method="" if estimate is None else estimate.method,
        tests=tuple(
            f"Null: {test.null}. p {_equals(test.p)}"
            + (f" ({test.repeats} repeats)." if test.repeats else ".")
            for test in finding.tests
        ),
        naive=naive,
        details=tuple(
            (name, estimate_words(each), f"{each.sessions} / {each.drivers}")
            for name, each in finding.details
        ),
        caveats=finding.caveats,
    )


def _equals(p: float | None) -> str:
    words = p_words(p)
    return words if words.startswith("<") else f"= {words}"


def _table(table: TableOfRows) -> PageTable:
    caption = table.caption
    if len(table.rows) > _MOST_ROWS:
        # A page of ten thousand sessions would be slow to open, and nobody reads so far.
        caption += (
            f" The first {number(_MOST_ROWS)} of {number(len(table.rows))} rows; all are in "
            f"{NUMBERS_NAME}."
        )
    return PageTable(
        name=table.name,
        caption=caption,
        columns=table.columns,
        rows=tuple(tuple(_cell(each) for each in row) for row in table.rows[:_MOST_ROWS]),
        folded=len(table.rows) > _OPEN_ROWS,
    )


def _cell(value: str | float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return number(value)
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    text = number(value, digits)
    return "–" if text == MISSING else text
