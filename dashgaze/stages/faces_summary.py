"""What the ``faces`` stage says of its result."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.face_detection.detector import Faces
from dashgaze.face_detection.driver_face import DriverChoice
from dashgaze.face_detection.head_pose import HeadPoses
from dashgaze.face_detection.mirroring import MirrorEvidence
from dashgaze.face_detection.tracks import size_of
from dashgaze.face_detection.video_scan import FoundFaces

ENOUGH_SHARE = 0.5
"""Of fewer pictures with the driver's face one should know why."""
SURE = 0.97
"""A face of less confidence counts as doubtful."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FacesFound:
    """All that the stage found.

    Attributes
    ----------
    found
        All faces.
    choice
        Which are the driver's.
    driver
        The driver's face in each picture that was looked at; NaN where there is none.
    poses
        Of these.
    video_frame_count
        Frames of the video.
    mirrored
        Whether its pictures were turned back, since the session says that they are mirror images.
    mirror
        What the head's gyroscope and gaze say of that, after it.
    """

    found: FoundFaces
    choice: DriverChoice
    driver: Faces
    poses: HeadPoses
    video_frame_count: int
    mirrored: bool
    mirror: MirrorEvidence


def summarise(
    result: FacesFound,
    *,
    detector: str,
    detector_facts: dict[str, Any],
    size_px: tuple[int, int],
    fov_deg: float,
    fov_assumed: bool,
    notes: Iterable[str],
) -> dict[str, Any]:
    """Give verdict, reasons and figures, ready for JSON.

    Parameters
    ----------
    result
        What was found.
    detector, detector_facts
        With what.
    size_px
        Size of the pictures.
    fov_deg, fov_assumed
        Field of view of the camera, and whether nobody said it.
    notes
        More to be said.
    """
    choice, driver = result.choice, result.driver
    decoded = result.found.decoded
    seen = np.isfinite(driver.confidence)
    posed = np.isfinite(result.poses.angles_deg[:, 0])
    unsure = seen & ((driver.confidence < SURE) | choice.contested)
    verdict = choice.verdict
    reasons = list(choice.reasons)
    share = _share(seen)
    if not decoded.any():
        verdict, reasons = "failed", ["No picture of the driver video can be decoded."]
    elif verdict != "failed" and (share or 0.0) < ENOUGH_SHARE:
        verdict = "doubtful"
        reasons.append(f"The driver's face is seen in {share or 0.0:.0%} of the pictures only.")
    if verdict != "failed" and result.mirror.mirrored:
        verdict = "doubtful"
        reasons.append(_mirror_words(result.mirror, result.mirrored))
    reasons += notes
    if not decoded.all() and decoded.any():
        reasons.append(f"{np.sum(~decoded)} pictures can't be decoded.")
    if posed.any() and fov_assumed:
        reasons.append(
            f"The front camera's field of view is not known; {fov_deg:.0f}° across the longer side of the "
            "picture is assumed. Angles of the head depend on it a little."
        )
    landmarks = np.isfinite(driver.landmarks[:, 0, 0])
    off = result.poses.error_px / size_of(driver.boxes)
    return {
        "verdict": verdict,
        "reasons": reasons,
        "detector": detector,
        "detector_facts": detector_facts,
        "picture_size_px": list(size_px),
        "video_frame_count": result.video_frame_count,
        "frame_count": len(seen),
        "undecodable_count": int(np.sum(~decoded)),
        "face_share": share,
        "landmark_share": _share(landmarks),
        "pose_share": _share(posed),
        "doubtful_share": _share(unsure),
        "others_only_share": _share(choice.elsewhere),
        "people": choice.people,
        "median_face_px": _median(size_of(driver.boxes)[seen]),
        "median_pose_error_per_face": _median(off[np.isfinite(off)]),
        "fov_deg": fov_deg,
        "fov_assumed": fov_assumed,
        "driver_mirrored": result.mirrored,
        "mirror_check": asdict(result.mirror),
    }


def _mirror_words(mirror: MirrorEvidence, turned_back: bool) -> str:
    if mirror.turns_correlation is not None:
        why = (
            f"the head in it turns against the gyroscope on the head (correlation {mirror.turns_correlation:+.2f} "
            f"over {mirror.turn_pairs} pairs of pictures)"
        )
    else:
        why = (
            f"the head in it turns away from where gaze goes (correlation {mirror.gaze_correlation:+.2f} over "
            f"{mirror.gaze_spans} stretches of two seconds)"
        )
    if turned_back:
        return (
            f"The driver video, turned back since session.yaml says driver_mirrored: true, looks mirrored: {why}. "
            "Left and right are exchanged in this table. Take that line out of session.yaml."
        )
    return (
        f"The driver video looks mirrored: {why}. Left and right are exchanged in this table. Write "
        "driver_mirrored: true under phone: in session.yaml."
    )


def _share(mask: NDArray[np.bool_]) -> float | None:
    return float(mask.mean()) if len(mask) else None


def _median(values: NDArray[np.float64]) -> float | None:
    return float(np.median(values)) if len(values) else None
