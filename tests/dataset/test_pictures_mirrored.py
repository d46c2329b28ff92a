"""A driver video that is stored as in a mirror is packed turned back: pictures, crops and video."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.consent import release_under
from dashgaze.dataset.pictures import released_view
from dashgaze.dataset.pictures.images import write_images
from dashgaze.dataset.pictures.videos import write_videos
from dashgaze.session import Session

RAW = release_under("raw", as_recorded=True)
BLURRED = release_under("blurred")


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).with_name("pictures_session.py")
    spec = importlib.util.spec_from_file_location("pictures_session_for_mirrors", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def plain(made, tmp_path_factory) -> Session:
    return made.make_session(tmp_path_factory.mktemp("mirrors") / "tiny")


@pytest.fixture(scope="module")
def flagged(plain) -> Session:
    """The same files, which count as mirror images."""
    phone = plain.manifest.phone.model_copy(update={"driver_mirrored": True})
    return replace(plain, manifest=plain.manifest.model_copy(update={"phone": phone}))


def pictures_of(session: Session, frames, path: Path) -> list[dict]:
    write_images(session, frames, RAW, path, every=6)
    rows = pq.read_table(path).to_pylist()
    names = ("driver", "face", "left_eye", "right_eye", "road")
    for row in rows:
        for name in names:
            data = row[name] and row[name]["bytes"]
            row[name] = data and cv2.imdecode(np.frombuffer(data, np.uint8), 1).astype(int)
    return rows


def test_crops_are_cut_out_of_the_picture_turned_back(made, plain, flagged, tmp_path):
    width = made.DRIVER_PX[0]
    # The mark is at the top left of what is stored; a face around it, and one around where it goes.
    corner = dict.fromkeys(made.FACE, 0.0) | {"face_width_px": 24.0, "face_height_px": 24.0}
    other = corner | {"face_x_px": width - 1 - 24.0}
    stored = pictures_of(
        plain, made.frame_table(plain, face=lambda index: corner), tmp_path / "plain.parquet"
    )
    back = pictures_of(
        flagged, made.frame_table(plain, face=lambda index: other), tmp_path / "back.parquet"
    )
    assert len(stored) == len(back) > 4
    seen = 0
    for before, after in zip(stored, back, strict=True):
        assert (before["road"] is None) == (after["road"] is None)
        if before["road"] is not None:
            assert np.array_equal(before["road"], after["road"])
        if before["driver"] is None:
            continue
        seen += 1
        assert np.abs(before["driver"][:, ::-1] - after["driver"]).mean() < 2
        assert before["driver"][5, 5].mean() > 200 > before["driver"][5, -5].mean() + 20
        assert np.abs(before["face"][:, ::-1] - after["face"]).mean() < 3
    assert seen > 3


@pytest.mark.parametrize("release", [RAW, BLURRED], ids=["raw", "blurred"])
def test_the_packed_video_is_turned_back_and_no_other(
    made, plain, flagged, release, tmp_path, monkeypatch
):
    blurred = made.write_blurred(plain, tmp_path / "blurred_files")
    monkeypatch.setattr(released_view, "anonymized_view", lambda session, view: blurred.get(view))
    facts = {
        name: write_videos(session, release, tmp_path / name)
        for name, session in {"plain": plain, "back": flagged}.items()
    }
    for view in ("road", "driver"):
        one, other = (made.pictures_in(facts[name][view].path) for name in ("plain", "back"))
        assert list(one) == list(other)
        for pts, picture in one.items():
            wanted = picture[:, ::-1] if view == "driver" else picture
            assert np.abs(wanted.astype(int) - other[pts].astype(int)).mean() < 2
    assert facts["plain"]["driver"].frame_count == facts["back"]["driver"].frame_count
