"""Heads of sessions, and the loss that they are learned by."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from dashgaze.errors import InputError

from ..contract.batch import Batch, Output
from ..contract.network import GazeNetwork
from ..networks.pretext_network import PretextNetwork
from .options import FEATURES, PretextOptions
from .shifts import choose_shifted, shifts_in_unit


class SessionHeads(nn.Module):
    """One head for each session, which tells whether a frame's landmarks were shifted.

    Each is a linear layer, ReLU and a linear layer to one logit; they share nothing. Heads are parameters of training only and
    belong in no checkpoint of the network (reference A18).

    Parameters
    ----------
    feature_size
        Length of the features side by side (`pretext_feature_size`).
    sessions
        How many heads.
    hidden
        Hidden layer of each.
    generator
        Of the first weights; torch's own if None.
    """

    def __init__(
        self,
        feature_size: int,
        sessions: int,
        hidden: int = 256,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if min(feature_size, sessions, hidden) < 1:
            raise ValueError("feature_size, sessions and hidden must be at least 1")
        self.sessions = sessions
        self.weight1 = _uniform((sessions, hidden, feature_size), feature_size, generator)
        self.bias1 = _uniform((sessions, hidden), feature_size, generator)
        self.weight2 = _uniform((sessions, hidden), hidden, generator)
        self.bias2 = _uniform((sessions,), hidden, generator)

    def logits(self, features: Tensor, session: int) -> Tensor:
        """Answer frames of one session, shape (b, d), with logits of "shifted", shape (b,)."""
        hidden = functional.linear(features, self.weight1[session], self.bias1[session]).relu()
        return hidden @ self.weight2[session] + self.bias2[session]

    def forward(self, features: Tensor, session: Tensor) -> Tensor:
        """Answer frames, shape (b, d), each by the head of its session, shape (b,), with shape (b,)."""
        # Without frames there is still a gradient, of 0, so that training can go on.
        answers = features.new_zeros(len(features)) + 0.0 * self.bias2.sum()
        for number in sorted(set(session.tolist())):
            rows = (session == number).nonzero()[:, 0]
            answers = answers.index_copy(0, rows, self.logits(features[rows], number))
        return answers

    def mean_head(self) -> "SessionHeads":
        """Give one head whose logit is the mean of all heads' logits.

        Hidden layers of heads that were learned apart can't be averaged, so it has all of them.
        """
        sessions, hidden, feature_size = self.weight1.shape
        mean = SessionHeads(feature_size, 1, sessions * hidden)
        with torch.no_grad():
            mean.weight1.copy_(self.weight1.reshape(1, sessions * hidden, feature_size))
            mean.bias1.copy_(self.bias1.reshape(1, -1))
            mean.weight2.copy_(self.weight2.reshape(1, -1) / sessions)
            mean.bias2.copy_(self.bias2.mean(dim=0, keepdim=True))
        return mean.to(self.weight1.device)


class SessionClassifier(nn.Module):
    """Tells the training sessions apart: the branch of rows 2 and 3 of the paper's ablation."""

    def __init__(self, feature_size: int, sessions: int, hidden: int = 256) -> None:
        super().__init__()
        self.sessions = sessions
        self.layers = nn.Sequential(
            nn.Linear(feature_size, hidden), nn.ReLU(), nn.Linear(hidden, sessions)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Answer frames, shape (b, d), with logits of sessions, shape (b, sessions)."""
        logits: Tensor = self.layers(features)
        return logits


Heads = SessionHeads | SessionClassifier


def pretext_feature_size(network: GazeNetwork, options: PretextOptions) -> int:
    """Give the length of what heads see.

    Raises
    ------
    InputError
        If the network has no branches that the task could learn from.
    """
    sizes = _branched(network).feature_sizes
    wanted = FEATURES[options.features]
    missing = [name for name in wanted if name not in sizes]
    if missing:
        raise InputError(
            f"{network.name} has no features of {', '.join(missing)}, which the pretext task looks at.",
            fix="Choose features 'eyes_landmarks', or dashgazenet.",
        )
    return sum(sizes[name] for name in wanted)


def build_heads(network: GazeNetwork, sessions: int, options: PretextOptions) -> Heads:
    """Build what `pretext_loss` needs for a training set of some sessions (from torch's generator)."""
    size = pretext_feature_size(network, options)
    if options.head == "session_classifier":
        return SessionClassifier(size, sessions, options.hidden)
    return SessionHeads(size, sessions, options.hidden)


def pretext_loss(
    network: GazeNetwork,
    heads: Heads,
    batch: Batch,
    options: PretextOptions,
    generator: torch.Generator,
    *,
    output: Output | None = None,
    step: int = 0,
) -> tuple[Tensor, Tensor, Mapping[str, Tensor]]:
    """Ask each session's head which frames had their landmarks shifted (equations 12.5 to 12.7).

    Gaze is not learned from shifted landmarks: the loss of gaze is of the batch as it is (reference A14).
    Frames without landmarks are left out; sessions that are not in the batch add nothing (A11).

    Parameters
    ----------
    network
        One with branches (`networks.pretext_network.PretextNetwork`).
    heads
        Of `build_heads`; ``batch.session`` counts into them.
    batch
        The frames, landmarks as they are.
    generator
        Of the shifts; on the CPU, whatever the device.
    output
        What the network said of this very batch, to save computing the pictures' features again.
    step
        Number of the batch; with ``options.alternate`` odd ones are shifted.

    Returns
    -------
    loss
        Scalar; 0 (with a gradient) where no frame has landmarks.
    accuracy
        Share of frames answered rightly, scalar without gradient; NaN without frames.
    details
        ``frames``: how many took part. ``correct``: how many were answered rightly.
    """
    branched = _branched(network)
    rows = batch.face_known.nonzero()[:, 0]
    names = FEATURES[options.features]
    shifted = None
    if isinstance(heads, SessionHeads):
        shifted = choose_shifted(batch.session, batch.face_known, options, generator, step=step)
        shifts = shifts_in_unit(batch.driver_size_px, options, generator)
        moved = batch.landmarks + shifts[:, None, :] * shifted[:, None, None]
        batch = batch.with_landmarks(moved.to(batch.landmarks.dtype))
    features = _features(branched, batch, names, output, shifted is not None)[rows]
    if shifted is not None and isinstance(heads, SessionHeads):
        logits = heads(features, batch.session[rows])
        truth = shifted[rows]
        each = functional.binary_cross_entropy_with_logits(
            logits, truth.to(logits.dtype), reduction="none"
        )
        loss = _over_sessions(each, batch.session[rows], options)
        right = (logits > 0.0) == truth
    else:
        logits = heads(features)
        truth = batch.session[rows]
        loss = functional.cross_entropy(logits, truth, reduction="sum") / max(len(rows), 1)
        right = logits.argmax(dim=1) == truth
    correct = right.sum()
    details = {"frames": torch.tensor(len(rows)), "correct": correct.detach()}
    return loss, right.float().mean().detach(), details


def _branched(network: GazeNetwork) -> PretextNetwork:
    if isinstance(network, PretextNetwork):
        return network
    raise InputError(
        f"{network.name} can't learn by shifted landmarks: it has no branches of its own for eyes and "
        "landmarks.",
        fix="Use dashgazenet, or leave the pretext task out.",
    )


def _features(
    network: PretextNetwork,
    batch: Batch,
    names: tuple[str, ...],
    output: Output | None,
    landmarks_moved: bool,
) -> Tensor:
    """Put features side by side, shape (b, d); those that are known already are not computed again."""
    known = {} if output is None else dict(output.features)
    if landmarks_moved:
        known.pop("landmarks", None)
    missing = [name for name in names if name not in known]
    known.update(network.branch_features(batch, missing))
    return torch.cat([known[name] for name in names], dim=1)


def _over_sessions(each: Tensor, session: Tensor, options: PretextOptions) -> Tensor:
    """Add, or average, the sessions' mean losses."""
    means = [each[session == number].mean() for number in sorted(set(session.tolist()))]
    if not means:
        return each.sum()
    stacked = torch.stack(means)
    return stacked.sum() if options.sessions == "sum" else stacked.mean()


def _uniform(
    shape: tuple[int, ...], fan_in: int, generator: torch.Generator | None
) -> nn.Parameter:
    """Give first weights as `torch.nn.Linear` has them."""
    bound = fan_in**-0.5
    return nn.Parameter((torch.rand(shape, generator=generator) * 2.0 - 1.0) * bound)
