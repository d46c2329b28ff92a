"""What the recordings speak against a drive: frames, sound, light, face and speed."""

from collections.abc import Iterator

from . import limits
from .drive import Drive
from .texts import counted, number, percent
from .verdict import Reason, Severity

_NAMES = {"road": "road video", "driver": "driver video", "world": "scene camera"}


def streams_reasons(drive: Drive) -> Iterator[Reason]:
    """Judge how many frames were lost, and for how long."""
    for stream in drive.streams:
        name = _NAMES[stream.name]
        if stream.lost_share is not None and stream.lost_count:
            text = (
                f"The {name} lacks {counted(stream.lost_count, 'frame')} "
                f"({percent(stream.lost_share)})."
            )
            fix = "Keep the phone cool, its storage free and other apps closed."
            if stream.name == "world":
                fix = "Check cable and Companion device."
            bad = stream.lost_share >= limits.LOST_REDO_SHARE and stream.name != "driver"
            if bad or stream.lost_share >= limits.LOST_FLAG_SHARE:
                severity: Severity = "redo" if bad else "flag"
                yield Reason(severity=severity, code="FRAMES-LOST", message=text, fix=fix)
        if stream.longest_gap_s is not None and stream.longest_gap_s >= limits.LONG_GAP_S:
            yield Reason(
                severity="flag",
                code="LONG-GAP",
                message=f"The {name} was blind for {number(stream.longest_gap_s, 1)} s from "
                f"{number(stream.longest_gap_at_s, 1)} s on.",
            )


def sound_reasons(drive: Drive) -> Iterator[Reason]:
    """Judge the sounds."""
    for name, health in drive.sounds.items():
        what = "eye tracker" if name == "world" else "road video"
        if health.clipped_share > limits.CLIPPED_FLAG_SHARE:
            yield Reason(
                severity="flag",
                code="SOUND-CLIPPED",
                message=f"{percent(health.clipped_share)} of the {what}'s sound is overdriven.",
                fix="Keep the microphone out of the wind, or lower its gain.",
            )
        if health.silent_share > limits.SILENT_FLAG_SHARE:
            yield Reason(
                severity="flag",
                code="SOUND-SILENT",
                message=f"{percent(health.silent_share)} of the {what}'s sound is digital silence.",
                fix="Close other apps that use the microphone.",
            )
        if health.lost_s >= limits.LONG_GAP_S:
            yield Reason(
                severity="flag",
                code="SOUND-LOST",
                message=f"The {what} lost {number(health.lost_s, 1)} s of sound in "
                f"{counted(health.gap_count, 'place')}.",
            )


def light_reasons(drive: Drive) -> Iterator[Reason]:
    """Judge the light, and what the manifest says of it."""
    for name, seen in drive.exposures.items():
        black, white = seen.black_share or 0.0, seen.white_share or 0.0
        if black >= limits.BLACK_FLAG_SHARE:
            redo = name == "road" and black >= limits.BLACK_REDO_SHARE
            yield Reason(
                severity="redo" if redo else "flag",
                code="PICTURE-BLACK",
                message=f"{percent(black)} of the pictures of the {_NAMES[name]} are black.",
                fix="Check that nothing covers the lens.",
            )
        if white >= limits.WHITE_FLAG_SHARE:
            yield Reason(
                severity="flag",
                code="PICTURE-WHITE",
                message=f"{percent(white)} of the pictures of the {_NAMES[name]} are washed out.",
                fix="Unlock the exposure, or shade the lens.",
            )
    said, road = drive.session.manifest.lighting, drive.exposures.get("road")
    seen_light = None if road is None else road.light_seen
    if road is not None and seen_light and said in ("day", "night") and said != seen_light:
        yield Reason(
            severity="flag",
            code="LIGHTING-DIFFERS",
            message=f"session.yaml says {said}, but the road video looks like {seen_light} (median "
            f"brightness {number(road.median_luma)} of 235).",
            fix="Mend lighting: in session.yaml, or check that this is the right road video.",
        )


def face_and_speed_reasons(drive: Drive) -> Iterator[Reason]:
    """Judge how much is known of the face, and of the car's speed."""
    share = drive.faces.visible_share
    if share is not None and share < limits.FACE_FLAG_SHARE:
        yield Reason(
            severity="flag",
            code="FACE-RARELY-SEEN",
            message=f"The driver's face was seen in {percent(share)} of the driver video only.",
            fix="Check where the front camera points, and the light in the car.",
        )
    facts = drive.frames
    if facts is None or drive.session.manifest.phone.location is None or not drive.clocks_known:
        return
    if facts.speed_share is not None and facts.speed_share < limits.SPEED_FLAG_SHARE:
        yield Reason(
            severity="flag",
            code="SPEED-MISSING",
            message=f"Only {percent(facts.speed_share)} of the frames have a speed.",
            fix="Check that the location app ran for the whole drive, and recorded_at in session.yaml.",
        )
