"""Intervals, tests and models whose unit is the session."""

from .between import between_sessions
from .bootstrap import cluster_bootstrap
from .cells import LEAST_CELL_MINUTES, CellTable
from .comparison import Comparison
from .correlation_in_time import autocorrelation, effective_sample_size
from .many_tests import holm
from .naive import naive_mean_p, naive_shares_p, naive_slope_p, naive_spread_p
from .power import PowerRow, power_rows, power_table
from .ratio import ObservedExpected, ratio_of_ratios, ratio_of_sums
from .shares import ShareTable, compare_shares, mean_share
from .shifts import ShiftTest, circular_shift_test, pooled_shift_test
from .variance import VarianceShares, variance_shares
from .within import mean_of_sessions, slope, within_sessions

__all__ = [
    "LEAST_CELL_MINUTES",
    "CellTable",
    "Comparison",
    "ObservedExpected",
    "PowerRow",
    "ShareTable",
    "ShiftTest",
    "VarianceShares",
    "autocorrelation",
    "between_sessions",
    "circular_shift_test",
    "cluster_bootstrap",
    "compare_shares",
    "effective_sample_size",
    "holm",
    "mean_of_sessions",
    "mean_share",
    "naive_mean_p",
    "naive_shares_p",
    "naive_slope_p",
    "naive_spread_p",
    "pooled_shift_test",
    "power_rows",
    "power_table",
    "ratio_of_ratios",
    "ratio_of_sums",
    "slope",
    "variance_shares",
    "within_sessions",
]
