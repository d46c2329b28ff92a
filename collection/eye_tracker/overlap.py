"""Whether the streams of a recording belong to the same time."""

from .notes import NoteBook
from .recording import GazeSamples, ImuSamples, WorldFrames


def note_streams_apart(
    world: WorldFrames, gaze: GazeSamples, imu: ImuSamples | None, notes: NoteBook
) -> None:
    """Note gaze or inertial samples that all lie before or after the world video."""
    first_ns, last_ns = int(world.timestamp_ns[0]), int(world.timestamp_ns[-1])
    for name, samples in (("Gaze", gaze), ("The inertial sensor", imu)):
        if samples is None or len(samples.timestamp_ns) == 0:
            continue
        before_s = (first_ns - int(samples.timestamp_ns[-1])) / 1e9
        after_s = (int(samples.timestamp_ns[0]) - last_ns) / 1e9
        if max(before_s, after_s) > 0:
            notes.add(
                "STREAMS-APART",
                f"{name} {'ends' if before_s > 0 else 'starts'} {max(before_s, after_s):.1f} s "
                f"{'before the world video starts' if before_s > 0 else 'after the world video ends'}.",
            )
