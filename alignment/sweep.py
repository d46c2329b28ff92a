"""One pass over a stretch of video: direct matches, and what tracking carries into the gaps between."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .chains import ChainCarrier
from .direct import DirectMatch, DirectMatcher, DirectReason, Prediction, Rejected
from .ego_camera import EgoCamera
from .frame_pairs import FramePair, MissingReason, NoPair, PairPlan
from .mapping import Mapping
from .match_samples import WIDTH, kept_matches
from .prediction import Predictor
from .residuals import local_velocity_px_s, model_spread_px
from .road_camera import usual_focal_px
from .tracks import Step, TrackCarrier
from .turn_fit import TurnFit

REACH_FRAMES = 60
"""How many frames correspondences are carried from each end of a gap: two seconds."""

BLIND_EVERY = 3
"""While the road is out of sight, every so many frames it is looked for all over the picture."""

BLIND_RADIUS_PX = 30.0
"""How wrong a map may be that was found by looking all over the picture, road px."""

Direction = Literal["forward", "backward"]

Method = Literal["tracks", "chain", "paper"]
"""How gaps are bridged.

tracks
    By tracked correspondences, and the gyroscope.
chain
    By chains of homographies, from both ends; no gyroscope.
paper
    The published algorithm: one direct match, then a chain from frame to frame to the end, without any
    check. For comparison only.
"""


@dataclass(kw_only=True, eq=False)
class RowResult:
    """What was seen of one ego frame.

    Attributes
    ----------
    row
        Its row in the plan.
    missing
        Why there are no pictures to compare; None if there are.
    refusal
        Why there is no direct match; None if there is one, or nothing to match.
    direct
        The direct match's map.
    inlier_count, match_count, sigma_px, deviation_px
        Of the direct match; see `HomographyEstimate` and `DirectMatch`.
    spread_px
        How far the scene is from what the map takes it for, px; see `model_spread_px`.
    velocity_px_s
        How fast the road picture moves there, shape (2,), px/s; NaN if unknown.
    matches
        Matches kept for what only the whole drive can tell; see `kept_matches`.
    carried
        Maps from tracking, from the direct match before (forward) and after (backward).
    """

    row: int
    missing: MissingReason | None = None
    refusal: DirectReason | None = None
    direct: Mapping | None = None
    inlier_count: int = 0
    match_count: int = 0
    sigma_px: float = float("nan")
    deviation_px: float = float("nan")
    spread_px: float = float("nan")
    velocity_px_s: NDArray[np.float64] = field(default_factory=lambda: np.full(2, np.nan))
    matches: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, WIDTH), np.float32))
    carried: dict[Direction, TurnFit] = field(default_factory=dict)


@dataclass(kw_only=True, eq=False)
class _Waiting:
    """A frame of the present gap, with what backward tracking needs; None where there is no picture."""

    result: RowResult
    step: Step | None


class Sweep:
    """Goes once through rows of a plan.

    Parameters
    ----------
    plan
        Which frames belong together.
    camera
        The scene camera.
    matcher
        Matches single frames.
    method
        How gaps are bridged.
    seed
        Added to each row's number for the seed of its estimation.
    """

    def __init__(
        self,
        plan: PairPlan,
        camera: EgoCamera,
        matcher: DirectMatcher,
        *,
        method: Method = "tracks",
        seed: int = 0,
    ) -> None:
        self._plan = plan
        self._camera = camera
        self._matcher = matcher
        self._method = method
        self._seed = seed
        road = matcher.road_camera
        focal_px = usual_focal_px(matcher.frame.road_size_px) if road is None else road.focal_px
        self._predictor = Predictor(road_px_per_rad=focal_px)
        self._forward: TrackCarrier | ChainCarrier | None = None
        self._waiting: list[_Waiting] = []
        self._turn_since_step = np.zeros(3)
        self._age = 0

    def run(self, pairs: Iterable[FramePair | NoPair], *, last_row: int) -> Iterator[RowResult]:
        """Give the result of each row, in order, once all that can be known of it is known.

        Parameters
        ----------
        pairs
            The pairs, row by row; beyond `last_row` as many as a gap at the end may need.
        last_row
            The last row that is wanted. Rows beyond it are only given while the gap that `last_row`
            lies in goes on.
        """
        for pair in pairs:
            yield from self._see(pair)
            if pair.row >= last_row and not self._waiting:
                return
            if pair.row >= last_row + REACH_FRAMES:
                break
        yield from self._flush(len(self._waiting))

    def _see(self, pair: FramePair | NoPair) -> Iterator[RowResult]:
        turn = self._plan.turn_rad[pair.row]
        self._predictor.step(turn)
        self._turn_since_step = self._turn_since_step + turn
        result = RowResult(row=pair.row)
        if isinstance(pair, NoPair):
            result.missing = pair.reason
            self._wait(_Waiting(result=result, step=None))
            yield from self._flush(len(self._waiting) - REACH_FRAMES)
            return
        step = Step(
            luma=pair.luma,
            view=pair.view,
            time_s=float(self._plan.time_s[pair.row]),
            turn_rad=self._turn_since_step,
        )
        self._turn_since_step = np.zeros(3)
        match = self._match(pair)
        if self._forward is not None and (self._waiting or isinstance(match, Rejected)):
            self._go_on(step, result)
        if isinstance(match, Rejected):
            result.refusal = match.reason
            self._wait(_Waiting(result=result, step=step))
            yield from self._flush(len(self._waiting) - REACH_FRAMES)
            return
        self._note(match, result)
        self._predictor.learn(match.mapping)
        if self._waiting and self._method != "paper":
            self._go_back(match, step)
        self._forward = self._carrier(match, step)
        yield from self._flush(len(self._waiting))
        self._age = 0
        yield result

    def _match(self, pair: FramePair) -> DirectMatch | Rejected:
        """Match where the road is expected; now and then, while it isn't found, anywhere."""
        if self._method == "paper" and self._forward is not None:
            return Rejected(reason="out_of_sight")
        prediction = self._predictor.predict()
        match: DirectMatch | Rejected = Rejected(reason="out_of_sight")
        if prediction is not None:
            match = self._try(pair, prediction)
        turn = 0 if prediction is None else BLIND_EVERY - 1
        if isinstance(match, Rejected) and self._age % BLIND_EVERY == turn:
            blind = self._try(pair, None)
            if isinstance(blind, DirectMatch):
                # Most features of a whole ego picture are the car's; now they can be the road's.
                near = Prediction(
                    road_from_ego=blind.mapping.road_from_ego, radius_px=BLIND_RADIUS_PX
                )
                again = self._try(pair, near)
                match = again if isinstance(again, DirectMatch) else blind
            elif prediction is None:
                match = blind
        self._age += 1
        return match

    def _try(self, pair: FramePair, prediction: Prediction | None) -> DirectMatch | Rejected:
        return self._matcher.match(
            pair.luma,
            pair.view,
            pair.neighbour,
            float(self._plan.time_s[pair.row]),
            prediction=prediction,
            seed=self._seed + pair.row,
        )

    def _note(self, match: DirectMatch, result: RowResult) -> None:
        result.direct = match.mapping
        result.inlier_count = match.inlier_count
        result.match_count = len(match.ego_px)
        result.sigma_px = match.sigma_px
        result.deviation_px = match.deviation_px
        gaze_px = self._plan.gaze_px[result.row]
        result.spread_px = model_spread_px(match, gaze_px)
        result.velocity_px_s = local_velocity_px_s(match, gaze_px)
        result.matches = kept_matches(match, gaze_px)

    def _carrier(self, match: DirectMatch, first: Step) -> TrackCarrier | ChainCarrier:
        if self._method == "tracks":
            return TrackCarrier(self._camera, match, first)
        return ChainCarrier(self._camera, match, first)

    def _wait(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)

    def _flush(self, count: int) -> Iterator[RowResult]:
        """Give up the oldest rows of a gap; forward tracking ends with the first."""
        for _ in range(count):
            yield self._waiting.pop(0).result

    def _go_on(self, step: Step, result: RowResult) -> None:
        """Carry the last match's points into this frame."""
        if self._forward is None:
            return
        within = self._method == "paper" or len(self._waiting) < REACH_FRAMES
        fit = self._forward.step(step) if within else None
        if fit is None:
            self._forward = None
        else:
            result.carried["forward"] = fit

    def _go_back(self, match: DirectMatch, first: Step) -> None:
        """Carry this match's points back through the gap before it."""
        carrier = self._carrier(match, first)
        turn = -first.turn_rad
        for waiting in reversed(self._waiting):
            if waiting.step is None:
                continue
            step = waiting.step
            fit = carrier.step(
                Step(luma=step.luma, view=step.view, time_s=step.time_s, turn_rad=turn)
            )
            if fit is None:
                return
            waiting.result.carried["backward"] = fit
            turn = -step.turn_rad
