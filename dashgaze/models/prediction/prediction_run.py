"""The run behind `predict`; needs torch."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.face_detection.detector import FaceDetector
from dashgaze.face_detection.face_file import FaceFile
from dashgaze.face_detection.opening import open_face_detector
from dashgaze.files import filling, refuse_taken_folder, write_text
from dashgaze.media import FrameTimes, LumaGap, read_frame_times
from dashgaze.media.colour import ColourReader
from dashgaze.models.adaptation.heads import pretext_feature_size
from dashgaze.models.adaptation.options import AdaptOptions
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.training.checkpoint import load_checkpoint
from dashgaze.progress import Progress, part_of

from .answering import Learning, StreamAnswerer
from .driver_place import find_place
from .driver_reader import DriverReader, faces_turned_back
from .driver_tracking import DriverTracker
from .familiarity import open_familiarity
from .head_turns import HeadTurns
from .options import OVERLAY_NAME, RECORD_NAME, TABLE_NAME, PredictOptions
from .overlay import overlay_views, write_overlay
from .prediction_record import Course, describe
from .prediction_table import PredictionRows
from .road_view import open_road, road_frames
from .seen_frames import SeenFrame, cut_out
from .stopwatch import Stopwatch

Detector = FaceDetector | FaceFile


def run_prediction(
    video: Path, checkpoint: Path, options: PredictOptions, out: Path, progress: Progress
) -> Path:
    """Do what `predict` promises."""
    refuse_taken_folder(out)
    progress("reading", 0.0)
    network, config = load_checkpoint(checkpoint)
    learning = _learning(network, options)
    road = open_road(options)
    times = read_frame_times(video, progress=part_of(progress, 0.0, 0.02))
    index = _part(times, options)
    detector = _open_detector(options, network, times)
    familiarity = open_familiarity(
        network, config, options.training_data, batch_size=options.batch_size, device=options.device
    )
    rows = PredictionRows(index, times.time_s[index], road_size_px=road.size_px)
    rows.road_index = road_frames(road, rows.time_s, offset_s=options.offset_s, video=video)
    watch = Stopwatch()
    end = 0.7 if options.overlay and road.times is not None else 0.99
    with ColourReader(video, times) as opened:
        reader = DriverReader(opened, mirrored=options.mirrored)
        size_px = reader.size_px
        if options.mirrored and isinstance(detector, FaceFile):
            detector = faces_turned_back(detector, size_px[0])
        place, doubts = find_place(
            reader, times, index, detector, side=options.side, progress=part_of(progress, 0.02, 0.1)
        )  # fmt: skip
        tracker = DriverTracker(
            detector,
            place,
            every=options.every,
            follow=options.follow,
            most_age_s=options.most_age_s,
            watch=watch,
        )
        answerer = StreamAnswerer(
            network,
            road_size_px=road.size_px,
            driver_size_px=size_px,
            turns=HeadTurns(size_px, fov_deg=options.fov_deg),
            familiarity=familiarity,
            learning=learning,
            device=options.device,
            watch=watch,
        )
        stream = _Stream(reader=reader, tracker=tracker, answerer=answerer, watch=watch)
        stream.run(rows, network, options.batch_size, part_of(progress, 0.1, end))
    if not rows.answered.any():
        raise _nobody(video, rows)
    with filling(out) as folder:
        pq.write_table(rows.to_table(), folder / TABLE_NAME, compression="zstd")
        pictures = None
        views = overlay_views(road, times, size_px, options)
        if options.overlay and views is not None:
            pictures = write_overlay(
                folder / OVERLAY_NAME, views, rows, width_px=options.overlay_width_px,
                progress=part_of(progress, end, 0.99),
            )  # fmt: skip
        course = Course(
            driver_size_px=size_px,
            detector={"name": detector.name} | detector.facts,
            looks=tracker.looks,
            ms_a_frame=watch.ms_per(len(rows)),
            pretext=answerer.pretext,
            doubts=(*doubts, *detector.notes),
            overlay_pictures=pictures,
        )
        record = describe(
            rows, course, times=times, road=road, checkpoint=checkpoint, config=config,
            familiarity=familiarity, options=options,
        )  # fmt: skip
        text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
        write_text(folder / RECORD_NAME, text + "\n")
    progress("written", 1.0)
    return out / TABLE_NAME


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stream:
    """What a frame goes through."""

    reader: DriverReader
    tracker: DriverTracker
    answerer: StreamAnswerer
    watch: Stopwatch

    def run(
        self, rows: PredictionRows, network: GazeNetwork, batch_size: int, progress: Progress
    ) -> None:
        """Answer all frames, in their order."""
        held: list[SeenFrame] = []
        frames = zip(rows.index.tolist(), rows.time_s.tolist(), strict=True)
        for number, (index, time_s) in enumerate(frames):
            seen = self._see(index, time_s, network)
            if isinstance(seen, str):
                rows.without(index, seen)
            else:
                held.append(seen)
            if len(held) == batch_size:
                rows.add(self.answerer.answer(held))
                held = []
            progress("predicting gaze", (number + 1) / len(rows))
        if held:
            rows.add(self.answerer.answer(held))

    def _see(self, index: int, time_s: float, network: GazeNetwork) -> SeenFrame | str:
        with self.watch.measuring("decode"):
            picture = self.reader.read(index)
        if isinstance(picture, LumaGap):
            self.tracker.skip()
            return picture.reason
        face = self.tracker.step(picture, time_s)
        if isinstance(face, str):
            return face
        with self.watch.measuring("cut out"):
            pictures = cut_out(picture, face, network.picture_sizes_px)
        return SeenFrame(
            index=index,
            time_s=time_s,
            face=face,
            pictures=pictures,
            head_pose_deg=np.full(3, np.nan),
        )


def _learning(network: GazeNetwork, options: PredictOptions) -> Learning | None:
    if not options.adapt:
        return None
    adapt = AdaptOptions()
    pretext_feature_size(network, adapt.pretext)  # tells whether it can learn at all
    return Learning(options=adapt, hz=options.adapt_hz)


def _part(times: FrameTimes, options: PredictOptions) -> NDArray[np.int64]:
    """Give the frames that are to be answered."""
    start_s = -np.inf if options.start_s is None else options.start_s
    end_s = np.inf if options.end_s is None else options.end_s
    index = np.flatnonzero((times.time_s >= start_s) & (times.time_s < end_s))
    if not len(index):
        raise InputError(
            f"{times.path} has no frame from {start_s:g} s to {end_s:g} s; it shows "
            f"{times.time_s[0]:.2f} s to {times.time_s[-1]:.2f} s.",
            fix="Choose another --start and --end.",
            path=times.path,
        )
    return np.asarray(index, dtype=np.int64)


def _open_detector(options: PredictOptions, network: GazeNetwork, times: FrameTimes) -> Detector:
    detector = open_face_detector(
        options.detector, mtcnn_weights=options.mtcnn_weights, confidence=options.confidence
    )
    if not isinstance(detector, FaceFile):
        return detector
    beyond = sum(frame >= len(times.pts) for frame in detector.faces)
    if beyond:
        raise InputError(
            f"{detector.path} speaks of {beyond} frames that {times.path}, of {len(times.pts)}, does not have.",
            fix="Count frames from 0 in the order in which they are shown.",
            path=detector.path,
        )
    marked = any(np.isfinite(each.landmarks).any() for each in detector.faces.values())
    # What looks at the face alone can do without them.
    if not marked and ("left_eye" in network.picture_sizes_px or not network.picture_sizes_px):
        raise InputError(
            f"{network.name} needs eyes, nose and mouth, and the faces in {detector.path} have none.",
            fix="Give a file with landmarks, or let MTCNN find them (leave --detector out).",
            path=detector.path,
        )
    return detector


def _nobody(video: Path, rows: PredictionRows) -> InputError:
    counts = Counter(each for each in rows.reason if each is not None).most_common()
    words = ", ".join(f"{reason} in {count}" for reason, count in counts)
    return InputError(
        f"None of the {len(rows)} frames of {video} shows the driver's face ({words}).",
        fix="Give the video of the camera that looks at the driver, not of the road; if it is dark, a lower "
        "--confidence may help.",
        path=video,
    )
