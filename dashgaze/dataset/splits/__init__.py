"""Which session belongs to training, validation and test.

`assign_splits` makes a `SplitPlan`; `check_leakage` and `check_fold_leakage` look at one that is there already.
Drivers, not sessions, are what is divided: `objective` says what a good division is, `partition` finds it.
"""

from .assign import assign_splits
from .balance import Holding, measure_balance
from .leakage import check_fold_leakage, check_leakage
from .split_plan import SplitPlan
from .split_session import SplitSession

__all__ = [
    "Holding",
    "SplitPlan",
    "SplitSession",
    "assign_splits",
    "check_fold_leakage",
    "check_leakage",
    "measure_balance",
]
