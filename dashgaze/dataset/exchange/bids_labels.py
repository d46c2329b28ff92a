"""Names as BIDS has them: letters and digits only."""

import re
from collections import Counter
from collections.abc import Iterable


def bids_labels(names: Iterable[str]) -> dict[str, str]:
    """Give each name a label of letters and digits, no two the same whatever their case.

    A label is the name without anything else, so that it stays the same when others join: BIDS
    derivatives hold on to labels. Names that would become one are numbered, in their order.

    Examples
    --------
    >>> bids_labels(["driver_07", "driver-7"])
    {'driver-7': 'driver7', 'driver_07': 'driver07'}
    >>> bids_labels(["d_1", "D1"])
    {'D1': 'D1x1', 'd_1': 'd1x2'}
    """
    every = sorted(set(names))
    plain = {name: re.sub(r"[^0-9A-Za-z]", "", name) or "x" for name in every}
    shared = Counter(label.casefold() for label in plain.values())
    taken = {label.casefold() for label in plain.values() if shared[label.casefold()] == 1}
    labels: dict[str, str] = {}
    for name in every:
        label = plain[name]
        if shared[label.casefold()] > 1:
            number = 1
            while f"{label}x{number}".casefold() in taken:
                number += 1
            label = f"{label}x{number}"
            taken.add(label.casefold())
        labels[name] = label
    return labels
