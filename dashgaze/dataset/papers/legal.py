"""The licence of the labels and the agreement for pictures of people: LICENSE and DUA.md."""

from . import statements
from .facts import Facts
from .licence import licence_of
from .markdown import fill
from .questions import answer, todo


def write_licence(facts: Facts) -> str:
    """Give the text of LICENSE: a notice that names the licence and where its text is."""
    return fill(
        "licence.txt.j2",
        facts=facts,
        about=facts.about,
        manifest=facts.manifest,
        licence=licence_of(facts.about),
        todo=todo,
    )


def write_agreement(facts: Facts) -> str:
    """Give the text of DUA.md, a template of a data use agreement."""
    return fill(
        "dua.md.j2",
        facts=facts,
        manifest=facts.manifest,
        say=statements,
        answer=lambda key: answer(facts.about, key),
    )
