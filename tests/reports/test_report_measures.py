"""Sound, light and faces, measured on what is known."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.media import Sound, read_frame_times
from dashgaze.progress import silent
from dashgaze.reports.exposure import (
    INTERVAL_S,
    MOST_PICTURES,
    joined,
    measure_exposure,
    spaced_keyframes,
)
from dashgaze.reports.faces import read_face_facts
from dashgaze.reports.sound_level import measure_sound

RATE_HZ = 8000


def sound(samples, **changes):
    return Sound(
        samples=np.asarray(samples, dtype=np.float32), rate_hz=RATE_HZ, start_s=2.0, **changes
    )


def test_the_level_of_a_sine():
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    health = measure_sound(sound(0.5 * np.sin(2 * np.pi * 440 * t)))
    # A sine's mean square is half of its peak's square: -6.02 - 3.01 dB.
    np.testing.assert_allclose(health.level_dbfs, -9.03, atol=0.01)
    np.testing.assert_allclose(health.time_s, [2.5, 3.5, 4.5, 5.5])
    assert health.silent_share == 0


def test_silence_and_gaps_are_told_apart():
    samples = np.zeros(4 * RATE_HZ)
    samples[: 2 * RATE_HZ] = 0.1
    health = measure_sound(sound(samples, gaps_s=((5.0, 6.0),)))
    assert np.isnan(health.level_dbfs[3])
    assert health.silent_share == pytest.approx(1 / 3)
    assert health.lost_s == pytest.approx(1.0)
    assert np.isfinite(health.median_dbfs)


def test_sound_of_nothing():
    health = measure_sound(sound([]))
    assert health.median_dbfs is None
    assert health.silent_share == 1


def write_levels(path, levels, rate_hz=10.0):
    """A video of even pictures, brighter at one side where they are not to be black."""

    def picture(index):
        level = levels[index]
        luma = np.full((64, 96), level, dtype=np.uint8)
        if level > 20:
            luma[:, :16] = min(255, level + 30)
        return np.concatenate([luma, np.full((32, 96), 128, dtype=np.uint8)])

    times_s = np.arange(len(levels)) / rate_hz
    return write_video(path, times_s=times_s, size_px=(96, 64), images=picture)


@pytest.mark.parametrize(
    ("level", "black", "white", "light"),
    [
        (16, 1, 0, "night"),
        (35, 0, 0, "night"),
        (60, 0, 0, None),
        (120, 0, 0, "day"),
        (232, 0, 1, "day"),
    ],
)
def test_light_is_seen(tmp_path, level, black, white, light):
    path = write_levels(tmp_path / "a.mp4", [level] * 80)
    times = read_frame_times(path)
    seen = measure_exposure(path, times, times.time_s + 100, silent, with_backdrop=True)
    assert seen.median_luma == pytest.approx(level, abs=3)
    assert (seen.black_share, seen.white_share, seen.light_seen) == (black, white, light)
    assert seen.time_s[0] == pytest.approx(100)
    assert seen.backdrop.shape == (320, 480)


def test_pictures_lie_apart_and_are_not_too_many(tmp_path):
    times = read_frame_times(write_levels(tmp_path / "a.mp4", [90] * 300))
    chosen = spaced_keyframes(times)
    assert times.keyframe[chosen].all()
    slots = np.floor(times.time_s[chosen] / INTERVAL_S)
    assert len(np.unique(slots)) == len(slots)
    assert MOST_PICTURES == 240
    nothing = joined([])
    assert nothing.median_luma is None
    assert nothing.black_share is None


def faces(folder, **columns):
    pq.write_table(pa.table(columns), folder / "faces.parquet")
    return read_face_facts(folder, has_driver_video=True)


def test_faces_are_read_whatever_the_columns_are_called(tmp_path):
    assert "has not run" in read_face_facts(tmp_path, has_driver_video=True).note
    assert "no video" in read_face_facts(tmp_path, has_driver_video=False).note
    assert faces(tmp_path, face_detected=[True, False, None, True]).visible_share == 0.5
    found = faces(tmp_path, driver_frame_index=[0, 4], box_left_px=[1.5, None])
    assert found.visible_share == 0.5
    assert found.driver_index.tolist() == [0, 4]
    assert faces(tmp_path, confidence=[0.9, None]).visible_share == 0.5
    unclear = faces(tmp_path, frame_index=[1, 2])
    assert unclear.visible_share is None
    assert "no column" in unclear.note
    (tmp_path / "faces.parquet").write_text("no", encoding="utf-8")
    assert "can't be read" in read_face_facts(tmp_path, has_driver_video=True).note
