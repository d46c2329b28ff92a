"""The vanishing point stage on a drawn street: right place, columns that stages do not undo, refusals."""

import importlib.util
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dashgaze.alignment.vanishing_point.frame_points import REASONS
from dashgaze.alignment.vanishing_point.travel import REFUSALS
from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.errors import InputError
from dashgaze.schemas.vanishing_point_table import VANISHING_POINT_TABLE
from dashgaze.session import open_session
from dashgaze.stages.align import align
from dashgaze.stages.frames import FramesOptions, frames
from dashgaze.stages.sync import sync
from dashgaze.stages.vanishing_point import (
    VanishingPointOptions,
    frames_are_filled,
    read_vanishing_point_summary,
    vanishing_point,
)

SIZE = (320, 180)
FOCAL_PX = 277.0
POINT_PX = np.array([176.0, 80.0])
TIMES_S = np.arange(280) / 10.0
EGO_FRAMES = 200
COLUMNS = ["vanishing_point_x_px", "vanishing_point_y_px"]


class Street:
    """A street of textured road and walls, seen by a camera that moves along it at 11 m/s."""

    def __init__(self):
        rng = np.random.default_rng(4)
        noise = rng.integers(0, 255, (1024, 1024), dtype=np.uint8)
        soft = cv2.GaussianBlur(noise, (0, 0), 1.5).astype(np.float32)
        self.texture = np.clip((soft - soft.mean()) * 5 + 120, 0, 255).astype(np.uint8)
        x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
        # Square to the direction of travel up to a small turn: tangents from the vanishing point.
        self.across = ((x - POINT_PX[0]) / FOCAL_PX).astype(np.float32)
        self.down = ((y - POINT_PX[1]) / FOCAL_PX).astype(np.float32)

    def picture(self, way_m):
        with np.errstate(divide="ignore"):
            ground = np.where(self.down > 0, 1.3 / np.maximum(self.down, 1e-6), 1e6)
            wall = 7.0 / np.maximum(np.abs(self.across), 1e-6)
        on_wall = wall < ground
        depth = np.minimum(ground, wall)
        side = np.where(on_wall, self.down * depth + 40, self.across * depth + 20)
        along = depth + way_m
        seen = cv2.remap(
            self.texture, (along * 8 % 1023).astype(np.float32), (side * 8 % 1023).astype(np.float32),
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
        seen = np.where(depth > 70, 120, seen).astype(np.uint8)
        return np.repeat(cv2.GaussianBlur(seen, (0, 0), 0.7)[..., None], 3, axis=2)


def write_road(path, way_of):
    street = Street()
    path.unlink(missing_ok=True)
    write_video(
        path, times_s=TIMES_S, size_px=SIZE, images=lambda i: street.picture(way_of(TIMES_S[i]))
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = Path(__file__).parents[1] / "tiny_session.py"
    spec = importlib.util.spec_from_file_location("vanishing_tiny_session", path)
    tiny = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny)
    root = tiny.write_session(tmp_path_factory.mktemp("street") / "s")
    write_road(root / "phone" / "road.mp4", lambda t: 11.1 * t)
    stamps = root / "eye_tracker" / "PI world v1 ps1.time"
    stamps.write_bytes(stamps.read_bytes()[: 8 * EGO_FRAMES])
    sync(open_session(root), manual_offset_s=0.0)
    return root


@pytest.fixture(scope="module")
def found(made, tmp_path_factory):
    """The street, with its vanishing points; not to be changed."""
    root = tmp_path_factory.mktemp("found") / "s"
    shutil.copytree(made, root)
    vanishing_point(open_session(root))
    return root


@pytest.fixture
def copied(found, tmp_path):
    return Path(shutil.copytree(found, tmp_path / "s"))


def table(root, name="frames.parquet"):
    return pq.read_table(root / "derived" / name)


def filled(root):
    """How many ego frames have a vanishing point."""
    each = table(root).column(COLUMNS[0])
    return len(each) - each.null_count


def written(root):
    return {path.name: path.stat().st_mtime_ns for path in (root / "derived").iterdir()}


def test_straight_ahead_is_where_it_was_drawn(found):
    summary = read_vanishing_point_summary(found / "derived")
    assert summary["verdict"] == "ok"
    assert summary["blocks_used"] >= 5
    away_px = np.array(summary["mount_point_px"]) - POINT_PX
    assert np.hypot(*away_px) / FOCAL_PX < np.radians(0.3)
    assert summary["road_focal_origin"] == "usual"
    points = table(found, "vanishing_points.parquet").to_pandas()
    error = np.hypot(*(points[COLUMNS].to_numpy() - POINT_PX).T) / FOCAL_PX
    assert np.isfinite(error).mean() > 0.95
    assert np.degrees(np.nanmedian(error)) < 0.4


def test_the_table_keeps_its_contract(found):
    points = table(found, "vanishing_points.parquet")
    assert points.schema.equals(VANISHING_POINT_TABLE.to_arrow())
    assert points.num_rows == len(TIMES_S)
    missing = points.column(COLUMNS[0]).is_null().to_numpy()
    assert (points.column("none_reason").is_null().to_numpy() != missing).all()


def test_ego_frames_have_the_point_of_their_road_frame(found):
    frame_table = table(found).to_pandas()
    known = frame_table[frame_table[COLUMNS[0]].notna()]
    assert len(known) > 150
    points = table(found, "vanishing_points.parquet").to_pandas()
    rows = known["road_frame_index"].astype(int)
    assert (points.loc[rows, COLUMNS].to_numpy() == known[COLUMNS].to_numpy()).all()
    turning = frame_table[frame_table["car_yaw_rate_deg_s"].notna()]
    assert len(turning) > 150
    rows = turning["road_frame_index"].astype(int)
    rate = points.loc[rows, "yaw_rate_deg_s"].to_numpy()
    assert (rate == turning["car_yaw_rate_deg_s"].to_numpy()).all()


def test_frame_table_of_before_the_yaw_rate_is_made_anew(copied):
    session = open_session(copied)
    before = table(copied)
    path, record = (copied / "derived" / name for name in ("frames.parquet", "frames.json"))
    pq.write_table(before.drop_columns(["car_yaw_rate_deg_s"]), path)
    told = json.loads(record.read_text())
    told["versions"]["frames"] = "1"
    record.write_text(json.dumps(told))
    frames_are_filled(session)  # a look does not stumble over it
    vanishing_point(session)
    assert table(copied).column("car_yaw_rate_deg_s").equals(before.column("car_yaw_rate_deg_s"))


def test_nothing_is_done_twice(copied):
    session = open_session(copied)
    before = written(copied)
    vanishing_point(session)
    assert written(copied) == before
    frames(session)
    assert written(copied) == before


def test_frames_made_anew_are_filled_again_without_looking(copied, monkeypatch):
    session = open_session(copied)
    count = filled(copied)
    frames(session, FramesOptions(max_speed_gap_s=4.0))
    assert filled(copied) == 0
    monkeypatch.setattr("dashgaze.stages.vanishing_point.scan_video", None)
    vanishing_point(session)
    assert filled(copied) == count
    record = json.loads((copied / "derived" / "frames.json").read_text())
    assert record["options"]["max_speed_gap_s"] == 4.0


def test_align_after_it_and_before_it_both_stand(copied, made, tmp_path):
    session = open_session(copied)
    count = filled(copied)
    align(session)
    after = table(copied)
    assert filled(copied) == count
    assert after.column("homography_source").null_count == 0
    vanishing_point(session)
    settled = written(copied)
    align(session)
    vanishing_point(session)
    assert written(copied) == settled

    other = Path(shutil.copytree(made, tmp_path / "other"))
    align(open_session(other))
    vanishing_point(open_session(other))
    assert filled(other) == count
    before = table(other)
    align(open_session(other))
    assert table(other).equals(before)
    assert before.column("homography_source").null_count == 0
    assert before.column(COLUMNS[0]).equals(after.column(COLUMNS[0]))


def test_a_focal_length_of_ones_own_is_used_and_noted(copied):
    vanishing_point(open_session(copied), VanishingPointOptions(focal_px=300.0, lines=False))
    summary = read_vanishing_point_summary(copied / "derived")
    assert (summary["road_focal_px"], summary["road_focal_origin"]) == (300.0, "option")
    assert summary["line_votes"] == 0
    with pytest.raises(ValueError, match="focal_px"):
        VanishingPointOptions(focal_px=-1.0)


def test_a_standing_car_has_no_direction(copied):
    write_road(copied / "phone" / "road.mp4", lambda t: 0.0)
    (copied / "phone" / "location.csv").unlink()
    text = (copied / "session.yaml").read_text()
    (copied / "session.yaml").write_text(text.replace("  location: phone/location.csv\n", ""))
    vanishing_point(open_session(copied))
    summary = read_vanishing_point_summary(copied / "derived")
    assert summary["verdict"] == "failed"
    assert "stands" in summary["reasons"][0]
    assert summary["mount_point_px"] is None
    assert filled(copied) == 0
    points = table(copied, "vanishing_points.parquet").to_pandas()
    assert set(points["none_reason"]) == {"no_mount_point"}


def test_a_dark_night_says_why(copied):
    black = np.full((SIZE[1], SIZE[0], 3), 4, dtype=np.uint8)
    (copied / "phone" / "road.mp4").unlink()
    write_video(copied / "phone" / "road.mp4", times_s=TIMES_S, size_px=SIZE, images=black)
    text = (copied / "session.yaml").read_text()
    (copied / "session.yaml").write_text(text.replace("lighting: day", "lighting: night"))
    vanishing_point(open_session(copied))
    summary = read_vanishing_point_summary(copied / "derived")
    assert summary["verdict"] == "failed"
    assert "few_points" in summary["reasons"][0]
    assert "dark" in summary["reasons"][0]


def test_a_missing_road_video_is_named(copied):
    session = open_session(copied)
    (copied / "phone" / "road.mp4").unlink()
    with pytest.raises(InputError, match=r"road\.mp4"):
        vanishing_point(session)


def test_the_command_prints_and_ends_with_the_verdict(copied):
    import typer

    from dashgaze.cli.command import SafeCommand
    from dashgaze.cli.vanishing_point import vanishing_point_command

    app = typer.Typer()
    app.command("vanishing-point", cls=SafeCommand)(vanishing_point_command)
    said = CliRunner().invoke(app, [str(copied), "--quiet"])
    assert said.exit_code == 0
    assert "straight" in said.output
    as_json = CliRunner().invoke(app, [str(copied), "--quiet", "--json"])
    assert json.loads(as_json.output)["verdict"] == "ok"
    none = CliRunner().invoke(app, [str(copied / "nowhere"), "--quiet"])
    assert none.exit_code == 1


def test_the_contract_names_every_reason():
    values = {field.name: field.values for field in VANISHING_POINT_TABLE.fields}
    assert values["none_reason"] == REASONS
    assert values["focus_refusal"] == REFUSALS
