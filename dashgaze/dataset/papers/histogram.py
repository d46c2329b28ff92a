"""Counts in fixed bins that grow shard by shard: memory does not depend on the number of rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Histogram:
    """Counts of values in bins.

    Parameters
    ----------
    edges
        Edges of the bins, shape (n + 1,), rising. The last bin includes its upper edge.

    Attributes
    ----------
    counts
        Values in each bin, shape (n,).
    below, above
        Values outside of the edges.
    """

    def __init__(self, edges: NDArray[np.float64]) -> None:
        self.edges = edges
        self.counts = np.zeros(len(edges) - 1, dtype=np.int64)
        self.below = 0
        self.above = 0

    def add(self, values: NDArray[Any]) -> None:
        """Count values; those that aren't finite are left out."""
        finite = values[np.isfinite(values)].astype(np.float64)
        self.below += int(np.count_nonzero(finite < self.edges[0]))
        self.above += int(np.count_nonzero(finite > self.edges[-1]))
        self.counts += np.histogram(finite, bins=self.edges)[0]

    @property
    def total(self) -> int:
        """Number of values counted, those outside of the edges included."""
        return int(self.counts.sum()) + self.below + self.above

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of all values in each bin, shape (n,)."""
        shares: NDArray[np.float64] = self.counts / max(self.total, 1)
        return shares

    def quantile(self, share: float) -> float | None:
        """Give the value below which a share of all values lies, as finely as the bins tell.

        None without values; the outermost edge where it lies outside of the edges.
        """
        if self.total == 0:
            return None
        rank = share * self.total - self.below
        if rank <= 0:
            return float(self.edges[0])
        cumulated = np.cumsum(self.counts)
        if rank > cumulated[-1]:
            return float(self.edges[-1])
        index = int(np.searchsorted(cumulated, rank))
        before = float(cumulated[index] - self.counts[index])
        inside = (rank - before) / float(self.counts[index])
        low, high = self.edges[index], self.edges[index + 1]
        return float(low + inside * (high - low))
