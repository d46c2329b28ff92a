"""What can be chosen when gaze is predicted in a new video."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dashgaze.face_detection.driver_face import Side
from dashgaze.face_detection.mtcnn import CONFIDENCE
from dashgaze.face_detection.opening import DetectorChoice

PREDICTIONS_SCHEMA: Literal["dashgaze/predictions/1"] = "dashgaze/predictions/1"
TABLE_NAME = "predictions.parquet"
RECORD_NAME = "predictions.json"
OVERLAY_NAME = "overlay.mp4"

EVERY = 10
"""The face is looked for in one frame in so many: three times a second."""


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """Options of `predict`.

    Attributes
    ----------
    road
        Video of the road; None for none. Frames are brought together by their nearest times.
    road_size_px
        Width and height of the road picture, where there is no `road`.
    offset_s
        Time in the road video = time in the driver video + this. The zeros of two recorders are unrelated.
    overlay
        Write a movie of the road with what is predicted; needs `road`.
    overlay_width_px
        Width of its pictures, even.
    start_s, end_s
        Part of the driver video, on its own time line; None for all.
    detector, mtcnn_weights, confidence
        What finds faces, see `dashgaze.face_detection.open_face_detector`.
    every
        The face is looked for in one frame in so many, in between it is followed.
    follow
        In between, move box and landmarks along with the picture (optical flow); else they stay.
    most_age_s
        A face that was found longer ago than that counts no more.
    side
        On which side of the picture the driver sits, beside a passenger; None to find out.
    fov_deg
        Field of view of the driver camera across the longer side; None for the usual one of phones.
    mirrored
        The driver video is a mirror image, as many front cameras store it: its pictures are turned back first,
        and places in the driver view are those of the picture turned back.
    adapt
        Learn at test time, by the pretext task of the network.
    adapt_hz
        Learn from so many frames a second at most, as in training; None for all.
    training_data
        Packed data set that the network was trained on, to tell how unusual what it sees is; None to tell
        from what the checkpoint itself knows.
    batch_size
        Frames that are answered at a time.
    device
        Where the network runs.
    """

    road: Path | None = None
    road_size_px: tuple[int, int] | None = None
    offset_s: float = 0.0
    overlay: bool = True
    overlay_width_px: int = 1280
    start_s: float | None = None
    end_s: float | None = None
    detector: str = "mtcnn"
    mtcnn_weights: Path | None = None
    confidence: float = CONFIDENCE
    every: int = EVERY
    follow: bool = True
    most_age_s: float = 1.0
    side: Side | None = None
    fov_deg: float | None = None
    mirrored: bool = False
    adapt: bool = False
    adapt_hz: float | None = 5.0
    training_data: Path | None = None
    batch_size: int = 32
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.every < 1 or self.batch_size < 1:
            raise ValueError("every and batch_size must be at least 1")
        if not self.most_age_s > 0 or (self.adapt_hz is not None and not self.adapt_hz > 0):
            raise ValueError("most_age_s and adapt_hz must be positive")
        if self.road_size_px is not None and min(self.road_size_px) < 2:
            raise ValueError("a road picture has at least 2 x 2 px")
        if self.overlay_width_px < 320 or self.overlay_width_px % 2:
            raise ValueError("the overlay's width must be even, and 320 px at least")
        if self.fov_deg is not None and not 10 <= self.fov_deg <= 150:
            raise ValueError("fov_deg must be 10 … 150")

    @property
    def choice(self) -> DetectorChoice:
        """The detector."""
        return DetectorChoice(
            spec=self.detector, mtcnn_weights=self.mtcnn_weights, confidence=self.confidence
        )
