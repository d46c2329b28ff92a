"""What is said of the data set: card, datasheet, croissant, licence, figures."""

from .papers import write_papers
from .questions import open_questions

__all__ = ["open_questions", "write_papers"]
