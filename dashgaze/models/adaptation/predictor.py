"""Learning while answering: session-supervised adaptation at test time."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.progress import Progress, silent

from ..contract.network import GazeNetwork
from ..contract.pictures import PictureSource
from ..contract.predictions import Predictions
from ..contract.samples import Samples
from ..networks.predictor import Answers, WithoutFace, needed_pictures, read_batch
from .heads import SessionHeads, pretext_feature_size
from .learner import SessionLearner
from .options import AdaptOptions

IndexArray = NDArray[np.int64]


class AdaptivePredictor:
    """Answers frames in the order of time, and learns from each batch after it was answered.

    A batch is learned from by the pretext task alone: labels are never read. Frames of one session are one
    stream; sessions come in the order of their names.

    Parameters
    ----------
    network
        The trained network, which stays as it is: a copy learns.
    options
        How to learn.
    name
        What tables call it.
    heads
        Heads of the training sessions, for ``head_init="mean_of_sources"``.
    device
        Where it is computed.
    without_face
        As in `NetworkPredictor`.

    Raises
    ------
    InputError
        If the network has no branches of its own for eyes and landmarks, or heads are needed and not given.
    """

    oracle = False

    def __init__(
        self,
        network: GazeNetwork,
        options: AdaptOptions | None = None,
        *,
        name: str,
        heads: SessionHeads | None = None,
        device: torch.device | str = "cpu",
        without_face: WithoutFace = "predict",
    ) -> None:
        self.network = network
        self.options = options or AdaptOptions()
        self.name = name
        self.heads = heads
        self.device = device
        self.without_face = without_face
        size = pretext_feature_size(network, self.options.pretext)
        if self.options.head_init != "mean_of_sources":
            return
        if heads is None:
            raise InputError(
                "head_init is mean_of_sources, but the heads of the training sessions are not at hand: "
                "checkpoints leave them out.",
                fix="Give them, or choose fresh or warm.",
            )
        if heads.weight1.shape[2] != size:
            raise InputError(
                f"The heads look at {heads.weight1.shape[2]} features, the network has {size}.",
                fix="Give the heads that were trained with this network.",
            )

    def predict(
        self, samples: Samples, pictures: PictureSource | None, progress: Progress = silent
    ) -> Predictions:
        """Answer all frames of `samples`; their own order is kept.

        Notes hold ``pretext_accuracy`` over all frames that were learned from, of each session as
        ``pretext_accuracy:<session>``, and the number of updates. It is measured before each update;
        0.5 is chance, and says that there was nothing to learn from.
        """
        source = needed_pictures(self.network, pictures)
        answers = Answers(len(samples))
        learner: SessionLearner | None = None
        learners: dict[str, SessionLearner] = {}
        done = 0
        for session in samples.sessions:
            if learner is None or self.options.reset == "session":
                learner = SessionLearner(
                    copy.deepcopy(self.network).to(self.device),
                    self.options,
                    heads=self.heads,
                    device=self.device,
                )
            learner.start_session(session)
            learners[session] = learner
            rows = _in_time(samples, session)
            for start in range(0, len(rows), self.options.batch_size):
                chunk = rows[start : start + self.options.batch_size]
                batch = read_batch(learner.network, samples, source, chunk, [session])
                batch = batch.to(self.device)
                output = learner.answer(batch)
                answers.add(chunk, output)
                learner.learn(batch, output)
                done += len(chunk)
                progress(f"predicting and adapting with {self.name}", done / len(samples))
        notes: dict[str, float | str | None] = {}
        correct = frames = updates = 0
        for session, each in learners.items():
            count = each.counts[session]
            notes[f"pretext_accuracy:{session}"] = count.accuracy
            correct += count.correct
            frames += count.frames
            updates += count.updates
        return answers.predictions(
            samples,
            without_face=self.without_face,
            notes={
                "pretext_accuracy": correct / frames if frames else None,
                "updates": float(updates),
                **notes,
            },
        )


def _in_time(samples: Samples, session: str) -> IndexArray:
    """Give a session's rows in the order of time."""
    rows = np.flatnonzero(samples.session_id == session)
    order = np.lexsort((samples.frame_index[rows], samples.time_s[rows]))
    return rows[order].astype(np.int64)
