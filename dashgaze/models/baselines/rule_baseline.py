"""Baselines that are a rule and a summary of training."""

from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import NDArray

from dashgaze.models.contract.samples import Samples

from .baseline import Answers, Baseline, Spread, spread_of
from .rules import RULES
from .training_summary import TrainingSummary, summarise_training


@dataclass(frozen=True, kw_only=True)
class RuleBaseline(Baseline):
    """One of `rules.RULES`.

    Attributes
    ----------
    name
        Of the rule.
    summary
        Of the training frames.
    spread
        Of the truth about its answers to them.
    """

    name: str
    summary: TrainingSummary
    spread: Spread

    @property
    def oracle(self) -> bool:
        """Whether it looks at the answers of the very session that it is tested on."""
        return RULES[self.name].oracle

    @property
    def uses_labels(self) -> str:
        """Which labels of tested sessions it reads, in words."""
        return RULES[self.name].uses_labels

    def answer(self, samples: Samples) -> Answers:
        """Answer all frames, in their order."""
        return RULES[self.name].answer(samples, self.summary)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give all that it takes to make it again."""
        return {"summary": self.summary.to_json(), "spread": asdict(self.spread)}, {}

    @classmethod
    def from_state(
        cls, name: str, values: dict[str, Any], arrays: dict[str, NDArray[Any]]
    ) -> "RuleBaseline":
        """Undo `state`."""
        return cls(
            name=name,
            summary=TrainingSummary.from_json(values["summary"]),
            spread=Spread.from_json(values["spread"]),
        )


def fit_rule(name: str, train: Samples) -> RuleBaseline:
    """Fit the baseline of a rule."""
    summary = summarise_training(train)
    spread = spread_of(train, RULES[name].answer(train, summary))
    return RuleBaseline(name=name, summary=summary, spread=spread)
