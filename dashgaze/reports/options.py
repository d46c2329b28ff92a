"""Options of the reports."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What can be chosen.

    Attributes
    ----------
    listen
        Whether to decode the sound, for its level and the evidence of the sync.
    """

    listen: bool = True
