"""Two recordings of one scene on one clock, by their sound."""

from .engine import sync_sounds
from .options import OffsetPrior, SyncOptions
from .result import SyncResult, Witness

__all__ = ["OffsetPrior", "SyncOptions", "SyncResult", "Witness", "sync_sounds"]
