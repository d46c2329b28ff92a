"""Answering frames of a stream block by block, with or without learning on the way; needs torch."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from dashgaze.face_detection.detector import FloatArray
from dashgaze.models.adaptation.learner import SessionLearner
from dashgaze.models.adaptation.options import AdaptOptions
from dashgaze.models.contract.batch import Batch
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.predictions import Predictions
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.batches import make_batch
from dashgaze.models.networks.predictor import Answers

from .familiarity import Familiarity
from .head_turns import HeadTurns
from .seen_frames import SESSION, HeldPictures, SeenFrame, samples_of
from .stopwatch import Stopwatch


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """Frames that were answered together.

    Attributes
    ----------
    frames
        The n frames, with poses of the head.
    predictions
        Their answers.
    unusualness
        Shape (n,); NaN where it can't be told.
    """

    frames: Sequence[SeenFrame]
    predictions: Predictions
    unusualness: FloatArray


@dataclass(frozen=True, kw_only=True)
class Learning:
    """How a network learns while it answers.

    Attributes
    ----------
    options
        As in `dashgaze.models.adaptation.predictor.AdaptivePredictor`.
    hz
        Frames a second that are learned from; None for all.
    """

    options: AdaptOptions
    hz: float | None


class StreamAnswerer:
    """Answers frames with a network; each block is answered before anything is learned from it.

    Parameters
    ----------
    network
        The network; if it learns, a copy of it does.
    road_size_px, driver_size_px
        Width and height of the two pictures.
    turns
        Gives poses of the head.
    familiarity
        Tells how unusual frames are.
    learning
        Learn on the way; not if None.
    device
        Where it is computed.
    watch
        Told how long the network takes.

    Raises
    ------
    InputError
        If it should learn, and has no branches that the task could teach.
    """

    def __init__(
        self,
        network: GazeNetwork,
        *,
        road_size_px: tuple[int, int],
        driver_size_px: tuple[int, int],
        turns: HeadTurns,
        familiarity: Familiarity | None,
        learning: Learning | None,
        device: str,
        watch: Stopwatch,
    ) -> None:
        self._road_size_px, self._driver_size_px = road_size_px, driver_size_px
        self._turns, self._familiarity, self._watch = turns, familiarity, watch
        self._device, self._learning = device, learning
        self._network = network.to(device).eval()
        self._learner: SessionLearner | None = None
        self._gathered: list[SeenFrame] = []
        self._last_piece: int | None = None
        if learning is not None:
            self._learner = SessionLearner(
                copy.deepcopy(network).to(device), learning.options, heads=None, device=device
            )
            self._learner.start_session(SESSION)
            self._network = self._learner.network

    @property
    def pretext(self) -> dict[str, float | int | None] | None:
        """What learning came to: accuracy of the pretext task, frames and updates; None without learning."""
        if self._learner is None:
            return None
        count = self._learner.counts[SESSION]
        return {
            "pretext_accuracy": count.accuracy,
            "frames": count.frames,
            "updates": count.updates,
        }

    def answer(self, frames: Sequence[SeenFrame]) -> Block:
        """Answer the next frames, in their order, then learn from them."""
        with self._watch.measuring("head pose"):
            poses = self._turns.fit(
                np.array([each.face.landmarks for each in frames]),
                np.array([each.face.box for each in frames]),
                np.array([each.time_s for each in frames]),
            )
        frames = [
            replace(each, head_pose_deg=pose) for each, pose in zip(frames, poses, strict=True)
        ]
        with self._watch.measuring("network"), torch.no_grad():
            batch = self._batch(frames)
            output = self._network(batch)
            answers = Answers(len(frames))
            answers.add(np.arange(len(frames)), output)
            unusual = (
                np.full(len(frames), np.nan)
                if self._familiarity is None
                else self._familiarity.unusualness(batch, output)
            )
            predictions = answers.predictions(self._samples(frames))
        if self._learner is not None:
            with self._watch.measuring("learning"):
                self._learn(self._learner, frames)
        return Block(frames=frames, predictions=predictions, unusualness=unusual)

    def _learn(self, learner: SessionLearner, frames: Sequence[SeenFrame]) -> None:
        self._gathered.extend(each for each in frames if self._is_due(each))
        size = learner.options.batch_size
        while len(self._gathered) >= size:
            some, self._gathered = self._gathered[:size], self._gathered[size:]
            learner.learn(self._batch(some))

    def _is_due(self, frame: SeenFrame) -> bool:
        hz = None if self._learning is None else self._learning.hz
        if hz is None:
            return True
        # A frame that is due at 0.2 s may be stamped 0.1999.
        piece = int(np.floor(frame.time_s * hz + 0.05))
        due = piece != self._last_piece
        self._last_piece = piece
        return due

    def _samples(self, frames: Sequence[SeenFrame]) -> Samples:
        return samples_of(
            frames, road_size_px=self._road_size_px, driver_size_px=self._driver_size_px
        )

    def _batch(self, frames: Sequence[SeenFrame]) -> Batch:
        return make_batch(
            self._samples(frames),
            HeldPictures(frames),
            np.arange(len(frames)),
            [SESSION],
            self._network.picture_sizes_px,
        ).to(self._device)
