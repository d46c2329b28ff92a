"""The tracker during a drive, in the words of the live screen."""

import time
from dataclasses import dataclass

from ..field.device import ClockOffset, Health
from .checks import BYTES_PER_MINUTE
from .gaze_log import GazeLog
from .gaze_stream import GazeStream
from .scene_stream import SceneStream
from .status_watch import StatusWatch

SILENT_S = 3.0
"""Gaze that is silent for so long no longer grows."""
WARM_UP_S = 4.0
"""Rates are counted by whole seconds: before that there is none."""
CLOCK_JUMP_MS = 300.0
"""Gaze that comes out of step with the measured clock by more tells that a clock has been set."""
VALID_OVER_S = 10
RATE_OVER_S = 3


@dataclass(kw_only=True)
class Sources:
    """All that tells how the tracker is; None for what does not run.

    Attributes
    ----------
    watch
        Its state.
    gaze, scene, log
        What it sends, and the safety log.
    gaze_since_s
        Since when gaze has been received, on a clock that never jumps.
    offset
        How its clock stood when it was measured last.
    notes
        What else a user should know.
    """

    watch: StatusWatch
    gaze: GazeStream | None = None
    scene: SceneStream | None = None
    log: GazeLog | None = None
    gaze_since_s: float = 0.0
    offset: ClockOffset | None = None
    notes: tuple[str, ...] = ()


def health_from(sources: Sources) -> Health:
    """Put together how the tracker is at this moment; what nobody knows is None."""
    now_s, host_ns = time.monotonic(), time.time_ns()
    status = sources.watch.fresh
    recording = None if status is None else status.recording
    free = None if status is None else status.phone.free_bytes
    return Health(
        host_ns=host_ns,
        reachable=sources.watch.reachable,
        recording=None if status is None else recording is not None,
        growing=_growing(sources, now_s),
        recorded_s=None if recording is None else recording.length_s,
        battery_percent=None if status is None else status.phone.battery_percent,
        storage_minutes=None if free is None else free / BYTES_PER_MINUTE,
        rates_hz=_rates_hz(sources, now_s),
        gaze_valid_share=(
            None if sources.gaze is None else sources.gaze.meter.good_share(now_s, VALID_OVER_S)
        ),
        note=_note(sources, now_s),
    )


def clock_jump_ms(sources: Sources) -> float | None:
    """Give by how much a clock was set since it was measured; None if it was not, as far as gaze tells."""
    lead_ns = None if sources.gaze is None else sources.gaze.clock_lead_ns()
    if lead_ns is None or sources.offset is None:
        return None
    jump_ms = lead_ns / 1e6 - sources.offset.offset_ms
    return jump_ms if abs(jump_ms) > CLOCK_JUMP_MS else None


def _growing(sources: Sources, now_s: float) -> bool | None:
    """Say whether the recording grows: the app says that it runs, and gaze comes.

    Neither alone proves it: gaze is streamed without a recording too. And gaze that stays away proves
    nothing if the network may keep it.
    """
    gaze, status = sources.gaze, sources.watch.fresh
    if status is not None and status.recording is None:
        return False
    if gaze is None or status is None:
        return None
    silent_s = gaze.meter.silent_s(now_s)
    if silent_s is not None and silent_s <= SILENT_S:
        return True
    if status.connected("gaze") is None:
        return False
    return False if sources.watch.reachable and silent_s is not None else None


def _rates_hz(sources: Sources, now_s: float) -> dict[str, float]:
    rates: dict[str, float] = {}
    if sources.gaze is not None and now_s - sources.gaze_since_s >= WARM_UP_S:
        rates["gaze"] = sources.gaze.meter.rate_hz(now_s, RATE_OVER_S)
    scene_hz = None if sources.scene is None else sources.scene.rate_hz()
    if scene_hz is not None:
        rates["scene"] = scene_hz
    return rates


def _note(sources: Sources, now_s: float) -> str:
    """Give the worst that is known, in a sentence or two."""
    watch, status = sources.watch, sources.watch.fresh
    notes: list[str] = []
    if not watch.reachable:
        notes.append(
            watch.trouble.what if watch.trouble else "Nothing has been heard of the eye tracker."
        )
        notes.append("A recording that runs goes on by itself.")
    if status is not None:
        if status.recording is not None and status.recording.trouble:
            notes.append(f'The app reports a fault of the recording: "{status.recording.trouble}".')
        if status.glasses is None or not any(one.connected for one in status.sensors.values()):
            notes.append("The glasses are not plugged in.")
        elif status.connected("world") is None:
            notes.append("The scene camera is not connected.")
        for label, state in (
            ("Battery", status.phone.battery_state),
            ("Storage", status.phone.storage_state),
        ):
            if state not in ("", "OK"):
                notes.append(f"{label} of the phone is {state.lower()}.")
    gaze = sources.gaze
    if gaze is not None and gaze.trouble is not None and watch.reachable:
        silent_s = gaze.meter.silent_s(now_s)
        if silent_s is None or silent_s > SILENT_S:
            notes.append(gaze.trouble.what)
    jump_ms = clock_jump_ms(sources)
    if jump_ms is not None:
        notes.append(f"A clock was set by {jump_ms / 1e3:+.1f} s since it was measured.")
    if sources.log is not None and sources.log.trouble:
        notes.append(f"Safety log: {sources.log.trouble}.")
    return " ".join([*notes, *sources.notes])
