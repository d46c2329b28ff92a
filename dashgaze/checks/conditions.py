"""What the manifest does not say yet, with the line to add."""

from dataclasses import dataclass
from datetime import timedelta

from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session

from .phone import VideoLook
from .report import Findings


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A key of the manifest that should be there, what it says, and a line to copy."""

    key: str
    code: str
    meaning: str
    line: str


CONDITIONS = (
    Condition(
        key="driver_id",
        code="MISSING-DRIVER-ID",
        meaning="who drove",
        line="driver_id: D01   # a pseudonym; keep its key elsewhere",
    ),
    Condition(
        key="car",
        code="MISSING-CAR",
        meaning="which car it was",
        line="car: VW Golf   # make and model",
    ),
    Condition(
        key="camera_position",
        code="MISSING-CAMERA-POSITION",
        meaning="where the phone was mounted",
        line="camera_position: under_mirror   "
        "# under_mirror | windscreen_centre | windscreen_corner",
    ),
    Condition(
        key="weather",
        code="MISSING-WEATHER",
        meaning="what the weather was",
        line="weather: clear   # clear | cloudy | rain | fog",
    ),
    Condition(
        key="lighting",
        code="MISSING-LIGHTING",
        meaning="what the light was",
        line="lighting: day   # day | twilight | night",
    ),
    Condition(
        key="eyewear",
        code="MISSING-EYEWEAR",
        meaning="what the driver wore beside the eye tracker",
        line="eyewear: none   # none | glasses | lenses",
    ),
    Condition(
        key="passengers",
        code="MISSING-PASSENGERS",
        meaning="how many people rode along",
        line="passengers: 0   # people in the car beside the driver",
    ),
    Condition(
        key="consent",
        code="MISSING-CONSENT",
        meaning="what the driver agreed to, without which `dashgaze pack` refuses the session",
        line="consent: {version: '1.0', scope: gaze_only}   # raw | blurred | gaze_only",
    ),
)


def check_conditions(session: Session, road: VideoLook | None, findings: Findings) -> None:
    """Ask for every condition that the manifest leaves out."""
    manifest = session.manifest
    path = session.root / MANIFEST_NAME
    for condition in CONDITIONS:
        if getattr(manifest, condition.key) is None:
            findings.add(
                "warning",
                condition.code,
                f"{MANIFEST_NAME} does not say {condition.meaning}.",
                fix=f"Add the line: {condition.line}",
                path=path,
            )
    if manifest.recorded_at is None:
        findings.add(
            "warning",
            "MISSING-RECORDED-AT",
            f"{MANIFEST_NAME} does not say when the road video starts.",
            fix=f"Add the line: {_recorded_at_line(road)}",
            path=path,
        )
    for key, code, message, fix in (
        (
            "model",
            "MISSING-PHONE-MODEL",
            f"{MANIFEST_NAME} does not say which phone it was.",
            "Add under phone: the line: model: Pixel 7",
        ),
        (
            "driver",
            "MISSING-DRIVER-VIDEO",
            f"{MANIFEST_NAME} names no video of the driver.",
            "If there is one, add under phone: the line: driver: phone/driver.mp4",
        ),
        (
            "location",
            "MISSING-LOCATION",
            f"{MANIFEST_NAME} names no track, so there is no speed.",
            "If there is one, add under phone: the line: location: phone/location.csv",
        ),
    ):
        if getattr(manifest.phone, key) is None:
            findings.add("info", code, message, fix=fix, path=path)


def _recorded_at_line(road: VideoLook | None) -> str:
    """Give the line, with what the file's own time tells if it tells anything."""
    created_at = None if road is None else road.info.created_at
    duration_s = None if road is None else road.info.duration_s
    if created_at is None or duration_s is None:
        return "recorded_at: 2026-05-12T09:30:00+02:00   # the phone's time at the video's start"
    start = (created_at - timedelta(seconds=duration_s)).isoformat(timespec="seconds")
    return f"recorded_at: {start}   # estimated from the file's own time, which is about its end"
