"""The section on the health of the recordings, in words."""

from collections.abc import Callable

from .drive import Drive
from .streams import Stream
from .texts import MISSING, clock, number, percent

Row = tuple[str, str]
_NAMES = {"road": "Road", "driver": "Driver", "world": "Scene camera"}


def stream_names(drive: Drive) -> tuple[str, ...]:
    """Give the names of the columns."""
    return tuple(_NAMES[stream.name] for stream in drive.streams)


def stream_rows(drive: Drive) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give a row of values, one for each video, by figure."""
    sounds, lights = drive.sounds, drive.exposures

    def of_sound(stream: Stream, digits: int, name: str) -> str:
        health = sounds.get(stream.name)
        return MISSING if health is None else number(getattr(health, name), digits)

    def sound_share(stream: Stream, name: str) -> str:
        health = sounds.get(stream.name)
        return MISSING if health is None else percent(getattr(health, name))

    def light(stream: Stream, name: str) -> float | None:
        seen = lights.get(stream.name)
        return None if seen is None else getattr(seen, name)

    rows: tuple[tuple[str, Callable[[Stream], str]], ...] = (
        ("State", _state),
        ("Length", lambda stream: clock(stream.duration_s)),
        ("Frames", lambda stream: number(len(stream.time_s)) if stream.there else MISSING),
        ("Frames per second", lambda stream: number(stream.rate_hz, 1)),
        ("Frames lost", _lost),
        ("Longest gap", _gap),
        ("Picture", _picture),
        ("Sound", lambda stream: {True: "yes", False: "no", None: MISSING}[stream.has_sound]),
        ("Sound level, dBFS", lambda stream: of_sound(stream, 0, "median_dbfs")),
        ("Overdriven", lambda stream: sound_share(stream, "clipped_share")),
        ("Silent", lambda stream: sound_share(stream, "silent_share")),
        ("Sound lost, s", lambda stream: of_sound(stream, 2, "lost_s")),
        ("Brightness, of 255", lambda stream: number(light(stream, "median_luma"))),
        ("Black pictures", lambda stream: percent(light(stream, "black_share"))),
        ("Washed out pictures", lambda stream: percent(light(stream, "white_share"))),
        ("Pictures looked at", lambda stream: _looked_at(drive, stream)),
    )
    return tuple((name, tuple(map(value, drive.streams))) for name, value in rows)


def eye_rows(drive: Drive) -> tuple[Row, ...]:
    """Give what is known of eyes, face, place and light."""
    facts, samples = drive.frames, drive.samples
    share = drive.faces.visible_share
    face = drive.faces.note if share is None else f"{percent(share)} of the driver's frames"
    rows = [
        (
            "Gaze samples",
            MISSING
            if samples is None
            else f"{number(samples.count)}, {number(samples.rate_hz)} a second, "
            f"{percent(samples.valid_share)} usable",
        ),
        ("Worn", percent(None if facts is None else facts.worn_share)),
        ("Blinks", _blinks(drive)),
        ("In fixations", percent(None if facts is None else facts.fixation_share)),
        ("Face visible", face),
        ("Speed known", _speed(drive)),
        ("Light", _light(drive)),
    ]
    return tuple(rows)


def _state(stream: Stream) -> str:
    if not stream.there:
        return "can't be read"
    return "cut short" if stream.cut else "can be read"


def _lost(stream: Stream) -> str:
    if stream.lost_count is None:
        return MISSING
    return f"{number(stream.lost_count)} ({percent(stream.lost_share)})"


def _gap(stream: Stream) -> str:
    if stream.longest_gap_s is None:
        return MISSING
    return f"{number(stream.longest_gap_s * 1e3)} ms at {clock(stream.longest_gap_at_s)}"


def _picture(stream: Stream) -> str:
    if stream.width_px is None:
        return MISSING
    return f"{stream.width_px} × {stream.height_px}" + (f", {stream.codec}" if stream.codec else "")


def _looked_at(drive: Drive, stream: Stream) -> str:
    seen = drive.exposures.get(stream.name)
    return MISSING if seen is None else number(len(seen.luma))


def _blinks(drive: Drive) -> str:
    facts = drive.frames
    if facts is None:
        return MISSING
    if facts.blink_count is None:
        return "not known: this device tells none, so gaze in blinks counts like any other"
    return (
        f"{number(facts.blink_count)}, {number(facts.blinks_per_min, 1)} a minute, "
        f"{percent(facts.blink_share)} of the time"
    )


def _speed(drive: Drive) -> str:
    if drive.session.manifest.phone.location is None:
        return "the session has no location track"
    if drive.frames is None:
        return MISSING
    return f"{percent(drive.frames.speed_share)} of the frames"


def _light(drive: Drive) -> str:
    said = drive.session.manifest.lighting or "nothing"
    road = drive.exposures.get("road")
    seen = None if road is None else road.light_seen
    return f"session.yaml says {said}; the road video looks like {seen or 'either'}"
