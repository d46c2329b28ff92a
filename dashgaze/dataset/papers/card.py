"""The card of the data set: README.md."""

from dataclasses import dataclass

from dashgaze.schemas.field import Table

from . import statements
from .card_head import card_head
from .citation import citation_text
from .columns import column_rows, frames_of_reference
from .configurations import LIGHT, configurations, present_tables
from .facts import Facts
from .licence import licence_of
from .markdown import fill
from .questions import answer, open_questions


@dataclass(frozen=True, kw_only=True)
class ConfigurationRow:
    """One row of the table of configurations."""

    name: str
    rows: dict[str, int]
    meaning: str


def write_card(facts: Facts) -> str:
    """Give the text of README.md: the head, then what people read."""
    tables = present_tables(facts.manifest)
    body = fill(
        "card.md.j2",
        facts=facts,
        say=statements,
        summary=statements.summary(facts),
        configurations=_configuration_rows(facts),
        folds=[
            str(config["config_name"])
            for config in configurations(facts.manifest)
            if str(config["config_name"]).startswith("frames-")
        ],
        columns={name: column_rows(table) for name, table in tables.items()},
        meanings={name: _meaning(table) for name, table in tables.items()},
        reference_frames=frames_of_reference(tables.values()),
        citation=citation_text(facts),
        licence=licence_of(facts.about),
        answer=lambda key: answer(facts.about, key),
        gaps=open_questions(facts.about, facts.manifest),
    )
    return f"---\n{card_head(facts)}---\n\n{body}"


def _configuration_rows(facts: Facts) -> list[ConfigurationRow]:
    rows = []
    for name, table in present_tables(facts.manifest).items():
        counts = {str(split): count for split, count in facts.manifest.rows(name).items()}
        meaning = _meaning(table)
        if name == "images" and "images_every" in facts.manifest.options:
            meaning += f" One frame in {facts.manifest.options['images_every']} was chosen."
        rows.append(ConfigurationRow(name=name, rows=counts, meaning=meaning))
        if name == "frames":
            view = "A few columns of `frames`, for gaze alone."
            rows.append(ConfigurationRow(name=LIGHT, rows=counts, meaning=view))
    return rows


def _meaning(table: Table) -> str:
    """Give what a table holds, without the name of its configuration."""
    meaning = table.meaning.split(": ", 1)[-1]
    return meaning[:1].upper() + meaning[1:]
