"""Reports: whether a drive is usable, and what speaks for it.

`report` is the whole of the interface; it looks at a drive (`gathering`), judges it (`rules`, with the limits in
`limits`) and draws it (`page`, the templates). Each part of a drive that is looked at has a module of its own.
"""

from .options import ReportOptions
from .report import report

__all__ = ["ReportOptions", "report"]
