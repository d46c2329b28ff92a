"""Stages on a remote session make the same bytes as on a local one."""

import shutil
from pathlib import Path

import pytest

from dashgaze.remote import remote_session
from dashgaze.session import open_session
from dashgaze.stages.align import align
from dashgaze.stages.frames import frames
from dashgaze.stages.sync import sync

KEY = "my drives/short"


@pytest.mark.slow
def test_remote_results_are_those_of_a_local_session(
    s3, made_drive: Path, short_drive, tmp_path: Path
) -> None:
    local = short_drive.copy_of(made_drive, tmp_path / "local", ego_frames=40)
    shutil.rmtree(local / "derived", ignore_errors=True)
    s3.put_folder(local, KEY)
    stages = (
        lambda session: sync(session, manual_offset_s=-1.0, manual_drift_ppm=31.0),
        frames,
        align,
    )
    s3.log.clear()
    for stage in stages:
        stage(open_session(local))
        with remote_session(
            f"{s3.url}/{KEY}",
            tmp_path / "cache",
            storage_options=s3.options,
            stand_in_bytes=32 << 10,
        ) as view:
            stage(open_session(view))
    made = {
        path.name: path.read_bytes() for path in (local / "derived").iterdir() if path.is_file()
    }
    sent = {name: s3.get(f"{KEY}/derived/{name}") for name in s3.keys(f"{KEY}/derived")}
    assert {"time_map.json", "frames.parquet", "homographies.parquet", "align.json"} <= sent.keys()
    assert sent == {name: data for name, data in made.items() if not name.startswith(".")}


def test_sync_by_sound_is_the_same_from_afar(s3, tmp_path: Path, tiny) -> None:
    local = tmp_path / "local"
    shutil.copytree(tiny, local)
    s3.put_folder(local, KEY)
    sync(open_session(local))
    with remote_session(
        f"{s3.url}/{KEY}", tmp_path / "cache", storage_options=s3.options, stand_in_bytes=1000
    ) as view:
        sync(open_session(view))
    name = "derived/time_map.json"
    assert s3.get(f"{KEY}/{name}") == (local / name).read_bytes()
