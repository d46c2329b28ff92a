"""Which session goes where, and how well that came out."""

from dataclasses import dataclass

from dashgaze.schemas.dataset_manifest import Split

from .balance import Holding


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """An assignment of sessions to splits.

    Attributes
    ----------
    protocol
        Its name; of a file, the file's name.
    splits
        Split of each session, sorted by session.
    folds
        Further splits: by the fold's name, the sessions of each split, sorted. Empty unless the
        protocol has folds.
    notes
        What a user should know: empty splits, shares far from their targets, strata that are
        missing somewhere.
    balance
        What each split holds of frames, sessions, drivers and each stratum, against its target.
    """

    protocol: str
    splits: dict[str, Split]
    folds: dict[str, dict[str, list[str]]]
    notes: tuple[str, ...]
    balance: tuple[Holding, ...]
