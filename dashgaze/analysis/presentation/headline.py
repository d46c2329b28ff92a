"""The table that opens a report: what can be said, how surely, and what can't be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dashgaze.reports.texts import MISSING, counted, number

from ..contract.finding import FEWEST_SESSIONS, Estimate, Finding
from ..statistics.many_tests import holm
from .section_run import SectionResult

Verdict = Literal["effect", "uncertain", "open", "estimate", "descriptive", "cannot"]
ALPHA = 0.05
TITLES: dict[Verdict, str] = {
    "effect": "An effect",
    "uncertain": "Uncertain",
    "open": "Open",
    "estimate": "An estimate",
    "descriptive": "Descriptive only",
    "cannot": "Can't be said",
}


@dataclass(frozen=True, kw_only=True)
class Headline:
    """One row.

    Attributes
    ----------
    key, question, section
        Of the finding, and where it stands.
    estimate
        With its interval, in words.
    sessions, drivers
        How many; None where there is no estimate.
    verdict
        What kind of answer it is.
    words
        The answer in words.
    p, p_corrected
        Of the main test, and corrected for all of the table's tests; None where nothing was tested.
    naive_p
        What a test that takes frames for samples says.
    warning
        What is wrong with that; "" if there is nothing to warn of.
    """

    key: str
    question: str
    section: str
    estimate: str
    sessions: int | None
    drivers: int | None
    verdict: Verdict
    words: str
    p: float | None
    p_corrected: float | None
    naive_p: float | None
    warning: str

    @property
    def title(self) -> str:
        """The verdict in a word or two."""
        return TITLES[self.verdict]

    @property
    def naive_words(self) -> str:
        """The naive p as it is written."""
        return p_words(self.naive_p)


def headlines(results: Sequence[SectionResult]) -> tuple[Headline, ...]:
    """Give a row for each finding; those that say something first, in the order of the report.

    P values are corrected for the number of tests by Holm's method. The same test told twice (a slope by 10 m/s and by
    10 km/h) counts once.

    Parameters
    ----------
    results
        Sections.
    """
    found = [(result, finding) for result in results for finding in result.section.findings]
    p = [_main_p(finding) for _, finding in found]
    first: dict[tuple[str, str], int] = {}
    places = []
    for place, ((result, finding), each) in enumerate(zip(found, p, strict=True)):
        # Permutations have few values of p, which other tests hit upon as well.
        alike = each is not None and finding.tests[0].repeats == 0
        name = (result.section.key, "" if each is None else f"{each:.9e}")
        places.append(first.setdefault(name, place) if alike else place)
    once = [each if places[place] == place else None for place, each in enumerate(p)]
    corrected = holm(once)
    tests = sum(each is not None for each in once)
    rows = [
        _row(result, finding, each, corrected[places[place]], tests)
        for place, ((result, finding), each) in enumerate(zip(found, p, strict=True))
    ]
    return tuple(sorted(rows, key=lambda row: row.verdict == "cannot"))


def _main_p(finding: Finding) -> float | None:
    if _kind(finding) in ("cannot", "descriptive") or not finding.tests:
        return None
    return finding.tests[0].p


def _kind(finding: Finding) -> Literal["cannot", "descriptive", "other"]:
    estimate = finding.estimate
    if finding.cannot_say or estimate is None or estimate.value is None:
        return "cannot"
    if estimate.descriptive_only or estimate.sessions < FEWEST_SESSIONS:
        return "descriptive"
    return "other"


def _row(
    result: SectionResult,
    finding: Finding,
    p: float | None,
    corrected: float | None,
    tests: int,
) -> Headline:
    verdict, words = _verdict(finding, p, corrected, tests)
    estimate = finding.estimate
    naive = finding.naive_p
    warning = ""
    if naive is not None and naive < ALPHA and verdict != "effect":
        warning = (
            "Frames taken for samples would have called it an effect: they are not independent."
        )
    return Headline(
        key=finding.key,
        question=finding.question,
        section=result.section.key,
        estimate=estimate_words(estimate),
        sessions=None if verdict == "cannot" or estimate is None else estimate.sessions,
        drivers=None if verdict == "cannot" or estimate is None else estimate.drivers,
        verdict=verdict,
        words=words,
        p=p,
        p_corrected=corrected,
        naive_p=naive,
        warning=warning,
    )


def _verdict(
    finding: Finding, p: float | None, corrected: float | None, tests: int
) -> tuple[Verdict, str]:
    kind = _kind(finding)
    estimate = finding.estimate
    if kind == "cannot" or estimate is None:
        return "cannot", finding.cannot_say or "There is no estimate."
    if kind == "descriptive":
        few = f"fewer than {FEWEST_SESSIONS} sessions in an arm, so that there is neither interval nor test"
        return "descriptive", f"It describes these sessions, no others: {few}."
    if p is None:
        return "estimate", (
            "A size, with its interval over sessions; no test, as there is nothing to hold it against."
        )
    if finding.unproven:
        return "uncertain", finding.unproven
    null = neutral_of(estimate) if finding.neutral is None else finding.neutral
    none = f"{null:g}, no effect"
    inside = (
        estimate.low is not None
        and estimate.high is not None
        and estimate.low <= null <= estimate.high
    )
    if p < ALPHA and not inside:
        if corrected is not None and corrected < ALPHA:
            return (
                "effect",
                f"The interval leaves out {none}; it holds among the {counted(tests, 'test')} of this report.",
            )
        return "uncertain", (
            f"The interval leaves out {none}, but among {tests} tests one such may come by chance (corrected p "
            f"{p_words(corrected)})."
        )
    if p < ALPHA:
        return "open", f"The test speaks for an effect, the interval holds {none}: they disagree."
    reach = ""
    if estimate.low is not None and estimate.high is not None:
        reach = f" Anything from {value_words(estimate.low, estimate)} to {value_words(estimate.high, estimate)} fits the data."
    return (
        "open",
        f"The interval holds {none}.{reach}" if inside else f"Not told from {none}.{reach}",
    )


def neutral_of(estimate: Estimate) -> float:
    """Give the number that usually means no effect: 1 for ratios, else 0."""
    return 1.0 if "ratio" in estimate.unit else 0.0


def estimate_words(estimate: Estimate | None) -> str:
    """Write an estimate with its interval and unit."""
    if estimate is None or estimate.value is None:
        return MISSING
    unit = "" if estimate.unit in ("", "ratio", "share") else f" {estimate.unit}"
    text = value_words(estimate.value, estimate)
    if estimate.low is not None and estimate.high is not None:
        text += (
            f" ({value_words(estimate.low, estimate)} to {value_words(estimate.high, estimate)})"
        )
    word = " ×" if estimate.unit == "ratio" else ""
    return f"{text}{unit}{word}"


def value_words(value: float, estimate: Estimate) -> str:
    """Write a value to the digits that its interval leaves."""
    if estimate.unit == "share":
        return f"{number(100 * value, 1)} %"
    span = abs(value)
    if estimate.low is not None and estimate.high is not None:
        # An interval without a width leaves no more digits than the value is worth.
        span = max((estimate.high - estimate.low) / 2, abs(value) / 1000)
    digits = (
        0 if span >= 30 else 1 if span >= 3 else 2 if span >= 0.03 else 3 if span >= 0.003 else 4
    )
    return number(value, digits)


def p_words(value: float | None) -> str:
    """Write a p value."""
    if value is None:
        return MISSING
    return "< 0.001" if value < 0.001 else number(value, 3)
