"""What happened since the last line of the log; needs torch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from .objective import SHARES


class Window:
    """Adds up terms of the loss, frames and times over some steps."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin anew."""
        self._began_s = time.perf_counter()
        self._waited_s = 0.0
        self._steps = self._frames = 0
        self._sums: dict[str, Tensor] = {}

    def add(self, terms: Mapping[str, Tensor], *, frames: int, waited_s: float) -> None:
        """Add a step: the terms of its loss, its frames, and how long it waited for them."""
        self._steps += 1
        self._frames += frames
        self._waited_s += waited_s
        for name, value in terms.items():
            kept = value.detach()
            self._sums[name] = self._sums[name] + kept if name in self._sums else kept

    @property
    def steps(self) -> int:
        """How many steps were added."""
        return self._steps

    def summary(self, *, processes: int = 1) -> dict[str, Any]:
        """Give what the log tells: mean terms, speed, share of the time without frames, accuracy."""
        took_s = max(time.perf_counter() - self._began_s, 1e-9)
        sums = {name: float(value) for name, value in self._sums.items()}
        says: dict[str, Any] = {
            "loss": {
                name: value / max(1, self._steps)
                for name, value in sums.items()
                if name not in SHARES
            },
            "samples_per_s": self._frames * processes / took_s,
            "loader_share": min(1.0, self._waited_s / took_s),
        }
        frames, correct = (sums.get(name) for name in SHARES)
        if frames is not None and correct is not None:
            says["pretext_accuracy"] = correct / frames if frames else None
        return says
