"""Shares of looks and of fixations on objects, over sessions."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..contract.finding import Estimate
from ..statistics.shares import ShareTable, mean_share
from .hits import RULES, Rule
from .session_hits import SessionHits

What = Literal["looks", "fixations", "chance"]


def share_table(
    sessions: Sequence[SessionHits], rule: Rule, what: What, group: str = "all"
) -> ShareTable:
    """Give counts whose trials are fixations (or half seconds): frames of one look are one look.

    Parameters
    ----------
    sessions
        The sessions.
    rule
        Of hits.
    what
        Looks, fixations, or looks by chance.
    group
        ``all``, ``class …`` or ``traffic …``.
    """
    number = RULES.index(rule)
    rows = []
    for each in sessions:
        place = each.place(group)
        if place is None:
            continue
        trials = float(each.counts.of_fixations[place]) or 2 * float(each.seconds[place])
        shares = {
            "looks": each.counts.look_share,
            "fixations": each.counts.fixation_share,
            "chance": each.chance.look_share,
        }
        share = float(shares[what][number, place])
        if np.isfinite(share):
            # Means over moments may be above 1 by a rounding error.
            rows.append((each.session_id, each.driver_id, 0.0, min(share, 1.0) * trials, trials))
    return ShareTable.of(rows)


def share_of(
    sessions: Sequence[SessionHits], rule: Rule, what: What, group: str = "all"
) -> Estimate | None:
    """Give the share of a typical session; None if no session has any. Parameters as of `share_table`."""
    return mean_share(share_table(sessions, rule, what, group), least_trials=1.0).estimate
