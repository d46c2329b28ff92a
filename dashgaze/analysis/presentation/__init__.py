"""One report over all analyses of a data set."""

from .analyze import METHODS_NAME, REPORT_NAME, analyze
from .options import AnalyzeOptions
from .replacing_report import NUMBERS_NAME

__all__ = ["METHODS_NAME", "NUMBERS_NAME", "REPORT_NAME", "AnalyzeOptions", "analyze"]
