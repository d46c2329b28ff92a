"""An overlay video of a session: all views side by side, with gaze, and how far it can be trusted."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session

from .clip import Missing
from .material import gather
from .movie_writer import writing_movie
from .options import RenderOptions
from .output_file import check_output
from .output_sound import read_output_sound
from .scene import Scene
from .timeline import Timeline, plan_timeline

_USUAL = RenderOptions()
_USUAL_RATE_HZ = 30.0


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """What was written.

    Attributes
    ----------
    path
        The file.
    frame_count
        Its pictures.
    duration_s
        Its length, s.
    size_px
        Width and height.
    notes
        What is missing or doubtful, in sentences.
    """

    path: Path
    frame_count: int
    duration_s: float
    size_px: tuple[int, int]
    notes: tuple[str, ...]


def render(
    session: Session,
    output: Path,
    options: RenderOptions = _USUAL,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Write a video that shows all views of a drive at once, with gaze, ellipse, source and fixation.

    It runs on the frames and the clock of the road video; its zero is the first of them that is shown. What
    a session lacks is said in its place in the picture.

    Parameters
    ----------
    session
        The session; stages that have not run are no error.
    output
        An MP4 file to write; its folder has to exist.
    options
        What can be chosen.
    force
        Replace a file that is there.
    progress
        Where to report to.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    InputError
        If there is no picture at all to show, or none in the part that is wanted.
    OutputError
        If the file can't be written, or is there already.
    """
    return make_overlay(session, output, options, force=force, progress=progress).path


def make_overlay(
    session: Session,
    output: Path,
    options: RenderOptions = _USUAL,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> Overlay:
    """Do what `render` does, and tell what came of it."""
    output = Path(output)
    check_output(output, session, force=force)
    material = gather(
        session, with_driver="driver" in options.panels, progress=part_of(progress, 0.0, 0.04)
    )
    timeline = plan_timeline(
        material, options, driver_offset_s=session.manifest.phone.driver_offset_s
    )
    notes = [*_consent_notes(session, options), *material.notes]
    sound = read_output_sound(options.sound, session, material, part_of(progress, 0.04, 0.08))
    if isinstance(sound, Missing):
        notes.append(str(sound))
        sound = None
    end_s, zero_s = _end_s(timeline), float(timeline.time_s[0])
    scene = Scene(session.manifest.session_id, material, timeline, options)
    with (
        scene,
        writing_movie(
            output,
            scene.layout.size_px,
            rate_hz=_rate_hz(timeline),
            sound=sound,
            zero_s=zero_s,
        ) as movie,
    ):
        for step, time_s in enumerate(timeline.time_s.tolist()):
            movie.show(scene.draw(step), time_s)
            progress("rendering", 0.08 + 0.92 * (step + 1) / len(timeline))
        movie.finish(end_s)
    return Overlay(
        path=output,
        frame_count=len(timeline),
        duration_s=end_s - zero_s,
        size_px=scene.layout.size_px,
        notes=tuple(notes),
    )


def _consent_notes(session: Session, options: RenderOptions) -> list[str]:
    """Say where a video shows more than was agreed to."""
    consent = session.manifest.consent
    if consent is None or consent.scope == "raw":
        return []
    shown = ["the driver view"] if "driver" in options.panels else []
    if options.sound != "none":
        shown.append("sound")
    if not shown:
        return []
    note = f"Consent is for {consent.scope} data only, but {' and '.join(shown)} are as recorded"
    return [f"{note}: keep this video in the lab."]


def _interval_s(timeline: Timeline) -> float:
    steps = np.diff(timeline.time_s)
    return float(np.median(steps)) if len(steps) else 1 / _USUAL_RATE_HZ


def _end_s(timeline: Timeline) -> float:
    return float(timeline.time_s[-1]) + _interval_s(timeline)


def _rate_hz(timeline: Timeline) -> float:
    return float(np.clip(1 / max(_interval_s(timeline), 1e-6), 1.0, 240.0))
