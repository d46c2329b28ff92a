"""Who is tested."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.contract.predictions import Predictor

EntrantKind = Literal["baseline", "network", "adapted"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Entrant:
    """A model that is tested, and what has to be known of it.

    Attributes
    ----------
    name
        What tables call it; unique.
    predictor
        What answers.
    kind
        Whether it is a baseline, a network, or a network that learns at test time.
    calibrated
        Whether it is given labels of the first part of the tested session, as a user would have to give.
    constant
        Whether it answers all frames of a picture size alike.
    config, folder
        Of the checkpoint, where it is one.
    network
        The network behind it (a `GazeNetwork`), where there is one.
    seen_drivers
        Tested drivers that it knows from elsewhere.
    notes
        What a reader has to know.
    """

    name: str
    predictor: Predictor
    kind: EntrantKind = "baseline"
    calibrated: bool = False
    constant: bool = False
    config: CheckpointConfig | None = None
    folder: str | None = None
    network: Any = None
    seen_drivers: frozenset[str] = frozenset()
    notes: tuple[str, ...] = field(default=())

    @property
    def oracle(self) -> bool:
        """Whether it looks at the answers of the session that it is tested on."""
        return self.predictor.oracle

    @property
    def rankable(self) -> bool:
        """Whether it may be called the best: it was told nothing of the tested session."""
        return not self.oracle and not self.calibrated

    @property
    def mark(self) -> str:
        """What stands beside its name."""
        if self.oracle:
            return "oracle"
        return "calibrated" if self.calibrated else ""


def with_unique_names(entrants: Sequence[Entrant]) -> list[Entrant]:
    """Give numbers to those that share a name, from the second on."""
    counts: dict[str, int] = {}
    named = []
    for entrant in entrants:
        counts[entrant.name] = counts.get(entrant.name, 0) + 1
        number = counts[entrant.name]
        named.append(
            entrant if number == 1 else replace(entrant, name=f"{entrant.name} ({number})")
        )
    return named
