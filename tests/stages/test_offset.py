"""The offset between any two files, on real sound too."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import FileOptions, write_sound, write_video
from dashgaze.collection.simulation.sound import CarSound, Device, simulate_pair
from dashgaze.errors import InputError, NoSoundError
from dashgaze.media import Sound, read_sound
from dashgaze.stages.offset import offset

OFFSET_S, DRIFT_PPM = 12.345, -42.0


@pytest.fixture(scope="module")
def pair() -> tuple[Sound, Sound]:
    return simulate_pair(
        CarSound(speech_share=0.2),
        Device(duration_s=70, highpass_hz=120),
        Device(duration_s=60, start_s=0.137),
        offset_s=OFFSET_S,
        drift_ppm=DRIFT_PPM,
        rate_hz=48000,
        seed=9,
    )


def write(path: Path, sound: Sound) -> Path:
    if path.suffix in (".wav", ".flac"):
        lead = np.zeros(round(sound.start_s * sound.rate_hz), np.float32)
        whole = np.concatenate([lead, sound.samples])
        return write_sound(path, replace(sound, samples=whole, start_s=0.0))
    if path.suffix == ".webm":
        return write_sound(path, sound, options=FileOptions(live=True))
    return write_video(path, times_s=np.arange(0, sound.end_s, 1 / 30), sound=sound)


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [("a.mp4", "b.mp4"), ("a.mkv", "b.wav"), ("glasses é.flac", "phone.webm")],
)
def test_container_times_are_compared_whatever_the_format(
    pair: tuple[Sound, Sound], tmp_path: Path, name_a: str, name_b: str
) -> None:
    found = offset(write(tmp_path / name_a, pair[0]), write(tmp_path / name_b, pair[1]))
    assert found.verdict == "ok", found.reasons
    assert found.offset_s is not None
    assert found.drift_ppm is not None
    middle_s = 29.0
    error_s = found.offset_s - OFFSET_S + (found.drift_ppm - DRIFT_PPM) * 1e-6 * middle_s
    assert abs(error_s) < 2.5e-3


def test_the_other_way_round_is_the_inverse(pair: tuple[Sound, Sound], tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.wav", pair[0]), write(tmp_path / "b.wav", pair[1])
    one, other = offset(a, b), offset(b, a)
    assert one.offset_s is not None
    assert one.drift_ppm is not None
    assert other.offset_s is not None
    assert other.offset_s == pytest.approx(-one.offset_s / (1 + one.drift_ppm * 1e-6), abs=1e-9)


def test_the_result_is_ready_for_json(pair: tuple[Sound, Sound], tmp_path: Path) -> None:
    found = offset(write(tmp_path / "a.wav", pair[0]), write(tmp_path / "b.wav", pair[1]))
    content = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {"verdict", "offset_s", "drift_ppm", "offset_se_ms", "reasons"} <= set(content)
    assert content["segments"][0]["offset_s"] == found.offset_s


def test_real_speech_is_found_where_it_was_put(shared_data: Path, tmp_path: Path) -> None:
    speech = read_sound(shared_data / "audio" / "interview_speech.mp3", rate_hz=16000).samples
    rng = np.random.default_rng(1)

    def heard(start_s: float, noise: float) -> Sound:
        part = speech[round(start_s * 16000) :]
        rumble = np.cumsum(rng.normal(0, 1, len(part)))
        rumble -= np.convolve(rumble, np.ones(800) / 800, mode="same")
        part = part / np.std(speech) * 0.05 + noise * rumble / np.std(rumble)
        return Sound(samples=part.astype(np.float32), rate_hz=16000, start_s=0.0)

    a = write_sound(tmp_path / "a.wav", heard(0.0, 0.1))
    b = write_sound(tmp_path / "b.wav", heard(5.4321, 0.1))
    found = offset(a, b)
    assert found.verdict == "ok", found.reasons
    assert found.offset_s is not None
    # 5.4321 s fall between two samples of 1/16 ms.
    assert found.offset_s == pytest.approx(round(5.4321 * 16000) / 16000, abs=1e-3)


def test_two_excerpts_of_one_programme_are_refused(shared_data: Path) -> None:
    audio = shared_data / "audio"
    found = offset(audio / "radio_speech_1.ogg", audio / "radio_speech_2.ogg")
    assert found.verdict == "failed"
    assert found.offset_s is None
    assert found.reasons


def test_real_recordings_that_share_nothing_are_refused(shared_data: Path) -> None:
    found = offset(
        shared_data / "audio" / "interview_speech.mp3",
        shared_data / "driver_view" / "man_indoors.mp4",
    )
    assert found.verdict == "failed"


def test_one_file_twice_is_refused(pair: tuple[Sound, Sound], tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", pair[0])
    copy = Path(shutil.copy(path, tmp_path / "copy.wav"))
    for other in (path, copy):
        with pytest.raises(InputError, match="same recording"):
            offset(path, other)


def test_a_file_without_sound_is_refused(pair: tuple[Sound, Sound], tmp_path: Path) -> None:
    mute = write_video(tmp_path / "mute.mp4", times_s=np.arange(0, 20, 1 / 30))
    with pytest.raises(NoSoundError, match=r"mute\.mp4"):
        offset(mute, write(tmp_path / "b.wav", pair[1]))


def test_a_missing_file_is_named(pair: tuple[Sound, Sound], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.wav"):
        offset(tmp_path / "gone.wav", write(tmp_path / "b.wav", pair[1]))
