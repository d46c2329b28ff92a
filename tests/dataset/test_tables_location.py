"""Location leaves the lab only coarse, and not near the ends of a drive."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dashgaze.dataset.consent import release_under
from dashgaze.dataset.tables.coarse_location import far_from_ends
from dashgaze.dataset.tables.drive_tables import drive_tables
from dashgaze.schemas.dataset_tables import LOCATION_TABLE
from dashgaze.schemas.time_map import Evidence, Segment, TimeMapDocument

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tables_made.py"))))
RAW = release_under("raw")
# recorded_at of the made sessions: 2026-02-02T15:31:45+05:30
PHONE_START_NS = 1_770_026_505 * 10**9
M_PER_DEG = 111_200.0  # of latitude; 5 m more than a degree has, so that 500 m are a little less


def write_track(session, latitude_deg, longitude_deg=None, *, step_s=1.0):
    longitude_deg = [77.0] * len(latitude_deg) if longitude_deg is None else longitude_deg
    rows = [
        f"{PHONE_START_NS + round(i * step_s * 1e9)},{latitude!r},{longitude!r},10.0"
        for i, (latitude, longitude) in enumerate(zip(latitude_deg, longitude_deg, strict=True))
    ]
    path = session.root / "phone" / "location.csv"
    path.parent.mkdir(exist_ok=True)
    header = "timestamp [ns],latitude,longitude,speed [m/s]"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def write_clocks(session, *, offset_s=-5.0, drift_ppm=0.0, verdict="ok"):
    segment = Segment(
        phone_start_s=0.0,
        phone_end_s=600.0,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        offset_se_ms=1.0,
        drift_se_ppm=1.0,
    )
    nothing = dict.fromkeys(Evidence.model_fields)
    document = TimeMapDocument(
        verdict=verdict,
        reasons=(),
        segments=() if verdict == "failed" else (segment,),
        evidence=Evidence(**nothing | {"method": "manual", "windows_total": 0, "windows_used": 0}),
        inputs={},
        options={},
        versions={},
    )
    path = session.derived / "time_map.json"
    path.write_text(document.model_dump_json(by_alias=True), encoding="utf-8")


@pytest.fixture
def session(tmp_path):
    session = made.write_session(tmp_path)
    write_clocks(session)
    return session


def straight_line(metres):
    return [28.0 + m / M_PER_DEG for m in metres]


def test_location_is_left_out_unless_asked_for(session):
    write_track(session, straight_line(range(0, 4000, 10)))
    assert drive_tables(session, RAW).location is None


def test_it_is_coarse_and_on_the_clock_of_the_tracker(session):
    write_track(session, straight_line(range(0, 4000, 10)))
    table = drive_tables(session, RAW, location=True).location
    assert table.schema.equals(LOCATION_TABLE.to_arrow(), check_metadata=True)
    rows = table.to_pylist()
    # 30 s at 10 m/s, and 500 m more: the first fix is that at 810 m, after 81 s.
    assert rows[0] == {
        "session_id": "s1",
        "time_ns": 76_000_000_000,
        "latitude_deg": 28.007,
        "longitude_deg": 77.0,
    }
    # The last one lies 810 m before 3990 m.
    assert rows[-1]["time_ns"] == (318 - 5) * 10**9
    assert all(row["latitude_deg"] == round(row["latitude_deg"], 3) for row in rows)
    assert [row["time_ns"] for row in rows] == sorted(row["time_ns"] for row in rows)


def test_the_first_and_last_half_kilometre_of_the_way_is_never_there(session):
    rng = np.random.default_rng(2)
    heading = np.cumsum(rng.normal(0, 0.15, 900))
    north, east = np.cumsum(8 * np.cos(heading)), np.cumsum(8 * np.sin(heading))
    latitude = 28.0 + north / M_PER_DEG
    longitude = 77.0 + east / (M_PER_DEG * np.cos(np.radians(28.0)))
    far = far_from_ends(np.arange(900.0), latitude, longitude)
    way_m = np.arange(900) * 8
    assert far.any()
    assert not far[(way_m <= 500) | (way_m >= way_m[-1] - 500)].any()


def test_standing_at_home_while_the_position_wanders_shows_nothing_of_it():
    rng = np.random.default_rng(1)
    # A quarter of an hour of jitter is kilometres of "way", all of it at home.
    jitter_m = rng.normal(0, 15, 900)
    drive_m = np.arange(0, 5000, 10.0)
    latitude = np.array(straight_line(np.concatenate([jitter_m, drive_m])))
    far = far_from_ends(np.arange(len(latitude), dtype=float), latitude, np.full(len(latitude), 77))
    assert not far[:900].any()
    assert far[900:].any()


def test_a_first_fix_that_is_off_by_kilometres_does_not_show_home():
    metres = [3000.0, 0.0, 0.0, *range(0, 6000, 10)]
    latitude = np.array(straight_line(metres))
    far = far_from_ends(np.arange(len(latitude), dtype=float), latitude, np.full(len(latitude), 77))
    assert not far[np.array(metres) <= 500].any()
    assert far.any()


def test_passing_home_in_the_middle_of_a_drive_does_not_show_it():
    metres = np.concatenate([np.arange(0, 3000, 10), np.arange(3000, -3000, -10)])
    latitude = np.array(straight_line(metres))
    far = far_from_ends(np.arange(len(latitude), dtype=float), latitude, np.full(len(latitude), 77))
    assert not far[np.abs(metres) <= 500].any()
    assert far[metres == 1500].all()


def test_fixes_without_a_place_are_left_out(session):
    latitude = straight_line(range(0, 4000, 10))
    latitude[150] = float("nan")
    write_track(session, latitude)
    times = drive_tables(session, RAW, location=True).location["time_ns"].to_pylist()
    assert (149 - 5) * 10**9 in times
    assert (150 - 5) * 10**9 not in times


def test_drift_counts(session):
    write_clocks(session, offset_s=0.0, drift_ppm=100.0)
    write_track(session, straight_line(range(0, 4000, 10)))
    table = drive_tables(session, RAW, location=True).location
    assert table["time_ns"][0].as_py() == pytest.approx(81 * 1.0001e9, abs=1)


def refused(session):
    tables = drive_tables(session, RAW, location=True)
    assert tables.location is None
    return next(note for note in tables.notes if note.startswith("Location"))


def test_a_drive_of_a_few_hundred_metres_has_no_location(session):
    write_track(session, straight_line(range(0, 900, 10)))
    assert "never 500 m away" in refused(session)


def test_why_it_is_left_out_is_said(session):
    assert "no track" in refused(session)
    write_track(session, straight_line(range(0, 4000, 10)))
    write_clocks(session, verdict="failed")
    assert "not aligned" in refused(session)
    (session.derived / "time_map.json").unlink()
    assert "not aligned" in refused(session)
    write_clocks(session)
    (session.root / "phone" / "location.csv").write_text("nothing\n", encoding="utf-8")
    note = refused(session)
    assert "can't be read" in note
    assert "phone" not in note, "what is packed names no path"


def test_without_the_wall_clock_it_has_no_place_in_the_drive(tmp_path):
    manifest = "\n".join(
        line for line in made.MANIFEST.splitlines() if not line.startswith("recorded_at")
    )
    session = made.write_session(tmp_path, manifest=manifest)
    write_clocks(session)
    write_track(session, straight_line(range(0, 4000, 10)))
    assert "wall clock" in refused(session)


def test_who_agreed_to_gaze_only_gives_no_location(session):
    write_track(session, straight_line(range(0, 4000, 10)))
    tables = drive_tables(session, release_under("gaze_only"), location=True)
    assert tables.location is None
    assert any("gaze only" in note for note in tables.notes)
