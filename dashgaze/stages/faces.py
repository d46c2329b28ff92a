"""The ``faces`` stage: the driver's face in the pictures of the phone's front camera."""

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.face_detection.detector import Faces
from dashgaze.face_detection.driver_face import Side, VideoFaces, choose_driver
from dashgaze.face_detection.face_file import FaceFile, read_face_file
from dashgaze.face_detection.head_pose import USUAL_FOV_DEG, camera_matrix, head_poses
from dashgaze.face_detection.mtcnn import CONFIDENCE
from dashgaze.face_detection.opening import DetectorChoice
from dashgaze.face_detection.tracks import size_of
from dashgaze.face_detection.video_scan import FoundFaces, Stretch
from dashgaze.files import alone_at
from dashgaze.media import FrameTimes, read_frame_times
from dashgaze.media.colour import ColourReader
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session

from .faces_mirror import read_mirror_evidence
from .faces_summary import FacesFound, summarise
from .faces_table import driver_faces, face_table
from .faces_work import FacesPart, open_parts, remove_unfinished, scan_all, work_folder
from .filled_tables import write_record_text, write_table
from .frames import FRAMES_NAME
from .input_watch import InputWatch
from .record import StageRecord, plan_stage, read_record, up_to_date

VERSION = 2
"""Version of the method; counted up when the same input gives another result."""

FACES_NAME = "faces.parquet"
FACES_RECORD_NAME = "faces.json"


@dataclass(frozen=True, kw_only=True)
class FacesOptions:
    """What can be chosen.

    Attributes
    ----------
    detector
        ``mtcnn``, ``yunet:PATH.onnx`` or ``precomputed:PATH.csv``.
    mtcnn_weights
        Folder of MTCNN's weights; None for those of the installed facenet-pytorch.
    confidence
        Least confidence of a face that a network finds.
    every
        Only the pictures of one ego frame in so many are looked at; where the frame table is not there or
        names none, one picture of the driver video in so many.
    side
        On which side of the picture the driver sits beside the passenger; None to find out.
    fov_deg
        Field of view of the front camera across the longer side of its pictures, degrees; None for
        the usual one of phones. Only the head's pose depends on it.
    """

    detector: str = "mtcnn"
    mtcnn_weights: Path | None = None
    confidence: float = CONFIDENCE
    every: int = 1
    side: Side | None = None
    fov_deg: float | None = None

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"one frame in {self.every} can't be chosen")
        if self.fov_deg is not None and not 10 <= self.fov_deg <= 150:
            raise ValueError(f"fov_deg has to be 10 … 150, not {self.fov_deg}")
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence has to be between 0 and 1, not {self.confidence}")

    @property
    def choice(self) -> DetectorChoice:
        """The detector."""
        return DetectorChoice(
            spec=self.detector, mtcnn_weights=self.mtcnn_weights, confidence=self.confidence
        )


_DEFAULT = FacesOptions()


def faces(
    session: Session,
    options: FacesOptions = _DEFAULT,
    *,
    workers: int = 1,
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Find the driver's face, its landmarks and the pose of the head.

    Writes ``derived/faces.parquet`` (`FACE_TABLE`) and the record ``derived/faces.json``. Nothing is done
    where they stand and options and inputs are the same. Where the ``frames`` stage has run, only pictures
    that an ego frame refers to are looked at. A run that was killed goes on where it stopped.

    Where session.yaml says that the driver video is a mirror image, its pictures are turned back before faces
    are looked for (a file of faces is taken to be of the pictures as they are stored), and the table speaks of
    pictures turned back. Whether that is so is compared with the gyroscope and gaze of the frame table.

    Parameters
    ----------
    session
        The session.
    options
        What can be chosen.
    workers
        Processes. The result doesn't depend on it. More than one are started anew: a script that asks for
        them has to do its work under ``if __name__ == "__main__":``, as Python's multiprocessing wants.
    force
        Do the work even if nothing changed.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``faces.parquet``. The verdict in ``faces.json`` may be doubtful or failed: that is no error. A
        table whose verdict is failed names no face.

    Raises
    ------
    InputError
        If the session has no driver video, or a file can't be read.
    MediaError
        If the driver video can't be read.
    MissingExtraError
        If the detector is not installed.
    OutputError
        If ``derived/`` can't be written.
    """
    video = _driver_video(session)
    watch = InputWatch(session, [video])
    times = read_frame_times(video, progress=part_of(progress, 0.0, 0.03))
    size_px = ColourReader(video, times).size_px
    index = _frames_asked_for(session, times, options.every)
    wanted = _plan(session, video, options, index)
    path = session.derived / FACES_NAME
    record = read_record(session.derived / FACES_RECORD_NAME)
    if not force and up_to_date(record, wanted, root=session.root):
        remove_unfinished(session.derived)
        return path
    with alone_at(
        session.derived / "faces", busy=f"Another run looks for faces in {session.root} already."
    ):
        return _look(
            session, options, wanted, watch, times, index, size_px,
            workers=workers, force=force, progress=progress,
        )  # fmt: skip


def _look(
    session: Session, options: FacesOptions, wanted: StageRecord, watch: InputWatch,
    times: FrameTimes, index: NDArray[np.int64], size_px: tuple[int, int], *, workers: int,
    force: bool, progress: Progress,
) -> Path:  # fmt: skip
    """Look for faces and write what comes of it."""
    video, path = times.path, session.derived / FACES_NAME
    mirrored = session.manifest.phone.driver_mirrored
    work = work_folder(session.derived, wanted)
    if force:
        shutil.rmtree(work, ignore_errors=True)
    notes: list[str] = []
    if options.choice.kind == "precomputed":
        found = _from_file(read_face_file(options.choice.path), index, len(times.pts), notes)
        if mirrored:
            found = replace(found, faces=found.faces.mirrored(size_px[0]))
    else:
        found = scan_all(
            Stretch(path=video, times=times, index=index, mirrored=mirrored), options.choice, work,
            workers=workers, watch=watch, progress=part_of(progress, 0.03, 0.95),
        )  # fmt: skip
    progress("choosing the driver", 0.95)
    time_s = times.time_s[index]
    choice = choose_driver(
        VideoFaces(row=found.picture, boxes=found.faces.boxes, time_s=time_s), side=options.side
    )
    driver = driver_faces(found.faces, choice.face)
    poses = head_poses(
        driver.landmarks, size_of(driver.boxes), time_s,
        camera_matrix(size_px, fov_deg=options.fov_deg),
    )  # fmt: skip
    progress("writing", 0.99)
    table = face_table(session.manifest.session_id, index, driver, poses)
    summary = summarise(
        FacesFound(
            found=found, choice=choice, driver=driver, poses=poses, video_frame_count=len(times.pts),
            mirrored=mirrored, mirror=read_mirror_evidence(session.derived, index, poses),
        ),
        detector=wanted.options["detector"], detector_facts=wanted.options["detector_facts"],
        size_px=size_px, fov_deg=options.fov_deg or USUAL_FOV_DEG,
        fov_assumed=options.fov_deg is None, notes=notes,
    )  # fmt: skip
    watch.refuse_changes(wanted)
    write_table(path, table)
    record = wanted.finished([path], root=session.root, notes=summary["reasons"])
    write_record_text(
        session.derived / FACES_RECORD_NAME, json.loads(record.to_json()) | {"summary": summary}
    )
    shutil.rmtree(work, ignore_errors=True)
    progress("written", 1.0)
    return path


def plan_faces(session: Session, options: FacesOptions = _DEFAULT) -> StageRecord:
    """Describe what `faces` would do with these options, without doing it.

    Raises
    ------
    InputError, MediaError, MissingExtraError
        As `faces`.
    """
    video = _driver_video(session)
    times = read_frame_times(video)
    return _plan(session, video, options, _frames_asked_for(session, times, options.every))


def faces_parts(session: Session, options: FacesOptions = _DEFAULT) -> list[FacesPart]:
    """Divide the long part of `faces` into pieces that can be done in any order, anywhere.

    When all are done, `faces` with the same options finds them done and writes the table.

    Returns
    -------
    list of FacesPart
        Those that are not done yet; none where no picture is to be looked at.

    Raises
    ------
    InputError, MediaError, MissingExtraError, OutputError
        As `faces`.
    """
    video = _driver_video(session)
    watch = InputWatch(session, [video])
    times = read_frame_times(video)
    index = _frames_asked_for(session, times, options.every)
    wanted = _plan(session, video, options, index)
    record = read_record(session.derived / FACES_RECORD_NAME)
    if options.choice.kind == "precomputed" or up_to_date(record, wanted, root=session.root):
        return []
    return open_parts(
        video, index, options.choice, work_folder(session.derived, wanted), watch,
        mirrored=session.manifest.phone.driver_mirrored,
    )  # fmt: skip


find_faces = faces
"""The stage under the name by which the package gives it: ``dashgaze.face_detection`` is the room of detectors."""


def read_faces_summary(derived: Path) -> dict[str, Any]:
    """Read what `faces` says of a session: verdict, reasons, detector, shares.

    Raises
    ------
    InputError
        If the stage has not run, or its record can't be read.
    """
    path = derived / FACES_RECORD_NAME
    try:
        if not path.is_file():  # to open a pipe is to wait without end
            raise ValueError("it is not a file")
        content = json.loads(path.read_text(encoding="utf-8"))
        return dict(content["summary"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read.", fix="Run `dashgaze faces` on the session.", path=path
        ) from error


def _driver_video(session: Session) -> Path:
    path = session.driver_path
    if path is None:
        raise InputError(
            f"{session.root} has no video of the driver: session.yaml names none.",
            fix="Add `driver: phone/driver.mp4` under phone: in session.yaml, if there is one.",
            path=session.root,
        )
    if not path.is_file():
        raise InputError(
            f"The video of the driver, {path}, does not exist.",
            fix="Copy it there, or mend `driver:` under phone: in session.yaml.",
            path=path,
        )
    return path


def _frames_asked_for(session: Session, times: FrameTimes, every: int) -> NDArray[np.int64]:
    """Give the frames of the driver video that are to be looked at, ascending."""
    path = session.derived / FRAMES_NAME
    if path.is_file():
        try:
            table = pq.read_table(path, columns=["frame_index", "driver_frame_index"])
            ego = table.column("frame_index").to_numpy()
            asked = table.column("driver_frame_index").cast(pa.int64()).fill_null(-1).to_numpy()
            asked = asked[ego % every == 0]
        except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
            raise InputError(
                f"{path} can't be read: {error}.",
                fix="Make it again with `dashgaze frames --force`.",
                path=path,
            ) from error
        asked = np.unique(asked[asked >= 0])
        if len(asked) and asked[-1] >= len(times.pts):
            raise InputError(
                f"The frame table speaks of frame {asked[-1]} of {times.path}, which has "
                f"{len(times.pts)}: it is of another video.",
                fix="Make it again with `dashgaze frames --force`.",
                path=path,
            )
        if len(asked):
            return np.asarray(asked, dtype=np.int64)
    return np.arange(0, len(times.pts), every, dtype=np.int64)


def _plan(
    session: Session, video: Path, options: FacesOptions, index: NDArray[np.int64]
) -> StageRecord:
    """Describe what is about to be done.

    The frame table is left out, since ``align`` fills other columns of it; what is taken from it is the
    choice of frames.
    """
    return plan_stage(
        "faces",
        version=VERSION,
        options={
            "detector": options.choice.kind,
            "detector_facts": options.choice.facts(),
            "every": options.every,
            "side": options.side,
            "fov_deg": options.fov_deg,
            "driver_mirrored": session.manifest.phone.driver_mirrored,
            "frames_looked_at": len(index),
            "frames_sha256": hashlib.sha256(index.astype("<i8").tobytes()).hexdigest(),
        },
        inputs=[video],
        root=session.root,
        packages=("av", "numpy", "opencv-python-headless"),
    )


def _from_file(
    file: FaceFile, index: NDArray[np.int64], frame_count: int, notes: list[str]
) -> FoundFaces:
    beyond = sum(frame >= frame_count for frame in file.faces)
    if beyond:
        raise InputError(
            f"{file.path} speaks of {beyond} frames that the driver video, of {frame_count}, does not have.",
            fix="Count frames from 0 in the order in which they are shown.",
            path=file.path,
        )
    asked = [file.faces.get(frame) for frame in index.tolist()]
    missing = sum(each is None for each in asked)
    if missing:
        notes.append(f"{file.path.name} says nothing of {missing} of {len(index)} frames.")
    return FoundFaces.of([Faces.none() if each is None else each for each in asked])
