"""The datasheet of the data set: DATASHEET.md."""

from collections import Counter
from collections.abc import Mapping

from dashgaze.schemas.manifest import LIGHTING, WEATHER

from . import statements
from .citation import hub_url
from .facts import Facts
from .frame_tally import NOT_ALIGNED, SOURCES
from .licence import licence_of
from .markdown import fill
from .questions import answer, open_questions, todo
from .session_tally import UNKNOWN, Amount

_MOST_ROWS = 20


def write_datasheet(facts: Facts) -> str:
    """Give the text of DATASHEET.md."""
    sessions, about = facts.sessions, facts.about
    conditions = {
        key: _by_time(sessions.by_condition[key]) for key in ("camera_position", "car", "eyewear")
    }
    counts = facts.frames.sources
    return fill(
        "datasheet.md.j2",
        facts=facts,
        say=statements,
        answer=lambda key: answer(about, key),
        todo=todo,
        gaps=open_questions(about, facts.manifest),
        licence=licence_of(about),
        hub=hub_url(about.hub_id) if about.hub_id else "",
        sync=sessions.sync_error_quantiles_ms(),
        sources=[
            (name, counts[name])
            for name in (*SOURCES, NOT_ALIGNED)
            if name in SOURCES or counts[name]
        ],
        pairs=_pairs(sessions.by_weather_and_lighting),
        notes=_notes(facts),
        most_rows=_MOST_ROWS,
        conditions={key: rows[:_MOST_ROWS] for key, rows in conditions.items()},
        further={key: max(0, len(rows) - _MOST_ROWS) for key, rows in conditions.items()},
    )


def _by_time(amounts: Mapping[str, Amount]) -> list[tuple[str, Amount]]:
    return sorted(amounts.items(), key=lambda item: (-item[1].seconds, item[0]))


def _notes(facts: Facts) -> list[tuple[str, int]]:
    """Give what is noted on sessions with how many it is noted on, the most frequent first."""
    counts = Counter(note for session in facts.manifest.sessions for note in session.notes)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _pairs(
    amounts: Mapping[tuple[str, str], Amount],
) -> list[tuple[tuple[str, str], Amount]]:
    weather, lighting = (*WEATHER, UNKNOWN), (*LIGHTING, UNKNOWN)
    return sorted(
        amounts.items(),
        key=lambda item: (weather.index(item[0][0]), lighting.index(item[0][1])),
    )
