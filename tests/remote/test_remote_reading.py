"""Reading remote files piece by piece: the same bytes, no more of them than needed, named errors."""

import random
from pathlib import Path

import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.errors import InputError
from dashgaze.fingerprint import fingerprint
from dashgaze.media import Sound, probe, read_frame_times, read_sound
from dashgaze.media.opening import open_media
from dashgaze.remote_file import (
    RemoteChangedError,
    RemoteError,
    RemoteReader,
    Store,
    content_size,
    is_stand_in,
    open_binary,
    read_stand_in,
    write_stand_in,
)
from dashgaze.remote_file.store import TRIES

OBJECT = "drives/séance 1 #2/phone/road.mp4"


@pytest.fixture
def noise() -> bytes:
    return random.Random(5).randbytes(3_000_017)


def stand_in(folder: Path, store: Store) -> Path:
    path = folder / "road.mp4"
    write_stand_in(path, store.url, store.state(), store.options)
    return path


def remote(folder: Path, s3, data: bytes) -> Path:
    s3.put(OBJECT, data)
    path = stand_in(folder, Store(f"{s3.url}/{OBJECT}", s3.options))
    s3.log.clear()
    return path


@pytest.fixture
def _keys(s3, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys as users give them: a stand-in does not hold them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.options["key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.options["secret"])


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a megabyte of pictures out of order (B-frames), with sound."""
    rng = np.random.default_rng(3)
    times_s = 0.4 + np.arange(90) / 30 + rng.uniform(0, 0.01, 90)
    pictures = rng.integers(0, 255, (90, 96, 96), dtype=np.uint8)
    sound = Sound(
        samples=rng.normal(0, 0.1, 48_000).astype(np.float32), rate_hz=16_000, start_s=0.4
    )
    return write_video(
        tmp_path_factory.mktemp("video") / "made.mp4",
        times_s=times_s,
        size_px=(96, 64),
        images=lambda index: pictures[index],
        sound=sound,
        options=FileOptions(video_options={"preset": "fast", "bf": "2", "g": "15", "crf": "30"}),
    )


@pytest.mark.usefixtures("_keys")
def test_a_stand_in_reads_as_the_file_it_stands_for(tmp_path: Path, s3, noise: bytes) -> None:
    path = remote(tmp_path, s3, noise)
    assert path.stat().st_size < 1000
    assert is_stand_in(path)
    assert content_size(path) == len(noise)
    rng = random.Random(1)
    with open_binary(path) as file:
        for _ in range(60):
            at, size = rng.randrange(len(noise) + 10), rng.choice([0, 1, 17, 9000, 200_000])
            file.seek(at)
            assert file.read(size) == noise[at : at + size]
        assert file.seek(0, 2) == len(noise)
        file.seek(0)
        assert file.read() == noise


def test_an_ordinary_file_is_read_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert not is_stand_in(path)
    assert content_size(path) == 3
    with open_binary(path) as file:
        assert file.read() == b"abc"


@pytest.mark.usefixtures("_keys")
def test_no_keys_stand_in_the_stand_in(tmp_path: Path, s3, noise: bytes) -> None:
    text = remote(tmp_path, s3, noise).read_text(encoding="utf-8")
    assert s3.options["secret"] not in text
    assert s3.options["endpoint_url"] in text


@pytest.mark.parametrize("size", [1, 4 << 20, (4 << 20) + 1, 5_000_003])
def test_a_fingerprint_is_that_of_the_file_itself(tmp_path: Path, memory, size: int) -> None:
    data = random.Random(size).randbytes(size)
    memory.pipe_file("/road.mp4", data)
    original = tmp_path / "original"
    original.write_bytes(data)
    assert fingerprint(stand_in(tmp_path, Store("memory://road.mp4"))) == fingerprint(original)


@pytest.mark.usefixtures("_keys")
def test_reading_on_is_done_in_ever_larger_pieces_and_once(
    tmp_path: Path, s3, noise: bytes
) -> None:
    path = remote(tmp_path, s3, noise)
    with open_binary(path) as file:
        while file.read(30_000):
            pass
    assert s3.fetched(OBJECT) == len(noise)
    assert sum(each.method == "GET" for each in s3.log) <= 7


@pytest.mark.usefixtures("_keys")
def test_a_jump_costs_64_kib(tmp_path: Path, s3, noise: bytes) -> None:
    path = remote(tmp_path, s3, noise)
    with open_binary(path) as file:
        for at in (100, 1_000_000, 2_000_000):
            file.seek(at)
            file.read(100)
    assert s3.fetched(OBJECT) == 3 << 16


@pytest.mark.usefixtures("_keys")
def test_of_planned_stretches_nothing_else_is_fetched(tmp_path: Path, s3, noise: bytes) -> None:
    path = remote(tmp_path, s3, noise)
    reader = RemoteReader(read_stand_in(path), path)
    stretches = [(at, at + 1000) for at in range(0, 2_900_000, 100_000)]
    reader.plan(stretches)
    for start, end in stretches:
        reader.seek(start)
        assert reader.read(end - start) == noise[start:end]
    reader.make_sure()
    assert s3.fetched(OBJECT) == 1000 * len(stretches)


@pytest.mark.usefixtures("_keys")
def test_frame_times_come_from_the_index_alone(tmp_path: Path, s3, video: Path) -> None:
    padded = video.read_bytes()
    path = remote(tmp_path, s3, padded)
    far, near = read_frame_times(path), read_frame_times(video)
    np.testing.assert_array_equal(far.pts, near.pts)
    np.testing.assert_array_equal(far.keyframe, near.keyframe)
    assert near.keyframe.sum() > 3
    assert far.truncated is near.truncated is False
    assert s3.fetched(OBJECT) < 0.6 * len(padded)


@pytest.mark.usefixtures("_keys")
def test_a_cut_video_is_as_cut_there_as_here(tmp_path: Path, s3, video: Path) -> None:
    import av

    whole = tmp_path / "front.mp4"
    with (
        av.open(str(video)) as source,
        av.open(str(whole), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    cut = whole.read_bytes()[: whole.stat().st_size * 2 // 3]
    whole.write_bytes(cut)
    far, near = read_frame_times(remote(tmp_path, s3, cut)), read_frame_times(whole)
    assert far.truncated is near.truncated is True
    np.testing.assert_array_equal(far.pts, near.pts)


@pytest.mark.usefixtures("_keys")
def test_sound_and_headers_are_the_same(tmp_path: Path, s3, video: Path) -> None:
    path = remote(tmp_path, s3, video.read_bytes())
    far, near = read_sound(path, rate_hz=16_000), read_sound(video, rate_hz=16_000)
    np.testing.assert_array_equal(far.samples, near.samples)
    assert (far.start_s, far.gaps_s, far.truncated) == (near.start_s, near.gaps_s, near.truncated)
    assert probe(path).video == probe(video).video


@pytest.mark.usefixtures("_keys")
def test_a_file_that_was_replaced_before_is_refused(tmp_path: Path, s3, noise: bytes) -> None:
    path = remote(tmp_path, s3, noise)
    s3.put(OBJECT, noise[::-1])
    with pytest.raises(RemoteChangedError, match="changed or removed"):
        fingerprint(path)


@pytest.mark.usefixtures("_keys")
def test_a_file_that_is_replaced_meanwhile_is_refused_at_the_end(
    tmp_path: Path, s3, noise: bytes
) -> None:
    path = remote(tmp_path, s3, noise)

    def read_with_a_change() -> None:
        with open_binary(path) as file:
            file.read(10)
            s3.put(OBJECT, noise[::-1])
            file.seek(1_000_000)
            file.read(10)

    with pytest.raises(RemoteChangedError):
        read_with_a_change()


@pytest.mark.usefixtures("_keys")
def test_a_video_that_vanishes_while_it_is_decoded_is_no_damaged_video(
    tmp_path: Path, s3, video: Path
) -> None:
    path = remote(tmp_path, s3, video.read_bytes() + bytes(300_000))

    def decode() -> None:
        with open_media(path) as container:
            s3.remove(OBJECT)
            for packet in container.demux(video=0):
                packet.decode()

    with pytest.raises(RemoteChangedError):
        decode()


@pytest.mark.usefixtures("_keys")
def test_the_network_may_fail_for_a_moment(tmp_path: Path, s3, noise: bytes) -> None:
    path = remote(tmp_path, s3, noise)
    left = [("503 Slow Down", "SlowDown")] * (TRIES - 1)
    s3.refuse = lambda request: left.pop() if request.method == "GET" and left else None
    with open_binary(path) as file:
        assert file.read(100) == noise[:100]
    assert not left


@pytest.mark.usefixtures("_keys")
def test_a_network_that_stays_away_is_named(tmp_path: Path, s3, video: Path) -> None:
    path = remote(tmp_path, s3, video.read_bytes())
    s3.refuse = lambda request: (
        ("500 Internal", "InternalError") if request.method == "GET" else None
    )
    with pytest.raises(RemoteError, match=r"after 4 tries.*Check the network"):
        read_sound(path, rate_hz=16_000)


@pytest.mark.usefixtures("_keys")
def test_a_server_that_is_not_there_is_named(tmp_path: Path, s3, noise: bytes) -> None:
    path = remote(tmp_path, s3, noise)
    text = path.read_text(encoding="utf-8").replace(
        s3.options["endpoint_url"], "http://127.0.0.1:9"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RemoteError, match="can't be read"):
        fingerprint(path)


@pytest.mark.usefixtures("_keys")
def test_a_file_that_may_not_be_read_is_named_at_once(tmp_path: Path, s3, noise: bytes) -> None:
    path = remote(tmp_path, s3, noise)
    s3.refuse = lambda request: ("403 Forbidden", "AccessDenied")
    with pytest.raises(RemoteError, match=r"may not be read.*keys"):
        fingerprint(path)
    assert len(s3.log) == 1


def test_a_spoilt_stand_in_says_what_it_is(tmp_path: Path, memory) -> None:
    memory.pipe_file("/road.mp4", b"x")
    path = stand_in(tmp_path, Store("memory://road.mp4"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="stands for a remote file"):
        fingerprint(path)
