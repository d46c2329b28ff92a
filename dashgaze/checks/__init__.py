"""What is in a session folder, what is missing, and how to mend it."""

from .checking import check
from .codes import CODES
from .report import CheckReport, Finding, Severity, StreamSummary

__all__ = ["CODES", "CheckReport", "Finding", "Severity", "StreamSummary", "check"]
