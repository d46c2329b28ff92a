"""The truth of a simulated session, as comparisons read it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.session import Session

_SAME_FRAME_S = 0.001


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What truth.json says, and where the tables beside it are.

    Attributes
    ----------
    folder
        Of the truth.
    facts
        Content of truth.json.
    """

    folder: Path
    facts: dict[str, Any]

    @property
    def offset_s(self) -> float:
        """Time of the tracker's clock when the phone's is zero, s."""
        return float(self.facts["clocks"]["offset_s"])

    @property
    def drift_ppm(self) -> float:
        """By how much the tracker's clock is faster, ppm."""
        return float(self.facts["clocks"]["drift_ppm"])

    def tracker_s(self, stamps_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Turn device stamps into times of the tracker's clock, shape (n,), s."""
        zero_ns = int(self.facts["clocks"]["tracker_epoch_ns_at_t_tracker_0"])
        return np.asarray((stamps_ns - zero_ns) / 1e9, dtype=np.float64)

    def phone_s(self, stamps_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Turn device stamps into times of the phone's clock, shape (n,), s."""
        return (self.tracker_s(stamps_ns) - self.offset_s) / (1 + self.drift_ppm * 1e-6)

    def frames_at(self, stamps_ns: NDArray[np.int64]) -> pd.DataFrame:
        """Give the truth of the ego frames with these stamps, shape (n,), a row for each.

        It is found by time: a recording may lack frames that were simulated. Rows without truth are null.

        Raises
        ------
        InputError
            If the table can't be read.
        """
        path = self.folder / "frames.parquet"
        try:
            table = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise InputError(f"{path} can't be read: {error}.", path=path) from error
        true_s, ours_s = table["t_tracker_s"].to_numpy(), self.tracker_s(stamps_ns)
        row = np.searchsorted((true_s[1:] + true_s[:-1]) / 2, ours_s)
        known = np.abs(true_s[row] - ours_s) < _SAME_FRAME_S
        return table.reindex(np.where(known, row, -1)).reset_index(drop=True)


def truth_of(session: Session, *, of: str) -> Truth:
    """Give a session's truth.

    Parameters
    ----------
    session
        The session.
    of
        What it has to tell of beside the clocks, a key of truth.json.

    Raises
    ------
    InputError
        If it has none: recorded sessions don't, and those simulated for their labels only were never
        computed.
    """
    simulate = "Compare a session that was simulated with pictures: dashgaze simulate drives/"
    if session.truth is None:
        raise InputError(f"{session.root} has no truth/ folder.", fix=simulate, path=session.root)
    path = session.truth / "truth.json"
    try:
        facts = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path} can't be read: {error}.", path=path) from error
    for key in ("clocks", of):
        if key not in facts:
            raise InputError(f"{path} tells no {key}.", fix=simulate, path=path)
    return Truth(folder=session.truth, facts=facts)
