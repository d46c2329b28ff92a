"""One session's learning at test time."""

from dataclasses import dataclass, replace

import torch
from torch import nn

from ..contract.batch import Batch, Output
from ..contract.network import GazeNetwork
from .heads import SessionHeads, pretext_feature_size, pretext_loss
from .options import AdaptOptions


@dataclass
class PretextCount:
    """What the pretext task came to in a session.

    Attributes
    ----------
    frames, correct
        Frames that were learned from, and how many of them were answered rightly before the update.
    updates
        How often weights were changed.
    """

    frames: int = 0
    correct: int = 0
    updates: int = 0

    @property
    def accuracy(self) -> float | None:
        """Share answered rightly; None without frames."""
        return self.correct / self.frames if self.frames else None


class SessionLearner:
    """A copy of a network, a head, and the steps that change them.

    Parameters
    ----------
    network
        The copy; it is changed, and stays in evaluation mode: statistics of batch normalisation don't move.
    options
        How to learn.
    heads
        Of the training sessions, for ``mean_of_sources``.
    device
        Where it is computed.
    """

    def __init__(
        self,
        network: GazeNetwork,
        options: AdaptOptions,
        *,
        heads: SessionHeads | None,
        device: torch.device | str,
    ) -> None:
        self.network = network.eval()
        self.options = options
        self.counts: dict[str, PretextCount] = {}
        self._generator = torch.Generator().manual_seed(options.seed)
        self._head = self._first_head(heads).to(device)
        changed = network.adapted_parameters() if options.update_network else []
        changing = {id(parameter) for parameter in changed}
        for parameter in network.parameters():
            parameter.requires_grad_(id(parameter) in changing)
        self._optimizer = torch.optim.SGD(
            [*self._head.parameters(), *changed],
            lr=options.learning_rate,
            momentum=options.momentum,
        )
        self._warm = options.head_init != "warm"
        self._session = ""
        self._step = 0

    def _first_head(self, heads: SessionHeads | None) -> SessionHeads:
        pretext = self.options.pretext
        if self.options.head_init == "mean_of_sources" and heads is not None:
            return heads.mean_head()
        size = pretext_feature_size(self.network, pretext)
        return SessionHeads(size, 1, pretext.hidden, generator=self._generator)

    def start_session(self, session: str) -> None:
        """Count from here on for another session."""
        self._session = session
        self.counts[session] = PretextCount()

    def answer(self, batch: Batch) -> Output:
        """Answer a batch with the weights as they are; features know how they came about."""
        output: Output = self.network(batch)
        return output

    def learn(self, batch: Batch, output: Output | None = None) -> None:
        """Change weights by a batch; one without any face changes nothing.

        Parameters
        ----------
        batch
            A batch that was answered.
        output
            The answer that `answer` has just given, to save computing the pictures' features again.
        """
        if not bool(batch.face_known.any()):
            return
        output = output or self.answer(batch)
        if not self._warm:
            self._warm = True
            self._warm_up(batch, output)
        known = output
        for repeat in range(self.options.steps):
            self._update(batch, self._optimizer, known, count=repeat == 0)
            self.counts[self._session].updates += 1
            known = _unchanged(output)

    def _warm_up(self, batch: Batch, output: Output) -> None:
        """Learn the head alone."""
        optimizer = torch.optim.SGD(
            self._head.parameters(), lr=self.options.warm_learning_rate, momentum=0.9
        )
        detached = {name: each.detach() for name, each in output.features.items()}
        for _ in range(self.options.warm_steps):
            self._update(batch, optimizer, replace(output, features=detached), count=False)

    def _update(
        self,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
        output: Output,
        *,
        count: bool,
    ) -> None:
        loss, _, details = pretext_loss(
            self.network,
            self._head,
            batch,
            self.options.pretext,
            self._generator,
            output=output,
            step=self._step,
        )
        self._step += 1
        if count:
            self.counts[self._session].frames += int(details["frames"])
            self.counts[self._session].correct += int(details["correct"])
        _clear(self.network)
        _clear(self._head)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _unchanged(output: Output) -> Output:
    """Keep the features of branches that never change."""
    frozen = {name: each for name, each in output.features.items() if not each.requires_grad}
    return replace(output, features=frozen)


def _clear(module: nn.Module) -> None:
    for parameter in module.parameters():
        parameter.grad = None
