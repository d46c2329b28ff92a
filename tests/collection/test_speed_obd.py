"""Speed from loggers of the car, and what is done about units that lie."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.collection.location import EARTH_RADIUS_M, LocationTrack, read_location
from dashgaze.collection.speed_obd import SpeedTrack, read_obd
from dashgaze.collection.speed_source import best_speed
from dashgaze.collection.speed_units import check_speed_units, compare_speeds
from dashgaze.errors import InputError

START_NS = 1_780_000_000 * 10**9


def write(folder, *lines):
    path = folder / "log.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "value", "m_s"),
    [
        ("Timestamp (s),Vehicle speed (km/h)", "36", 10.0),
        ("timestamp,speed_m_s", "10", 10.0),
        ("Unix Time [s],Speed (OBD)(km/h)", "36", 10.0),
        ("timestamp,Speed (km/h) *obd", "36", 10.0),
        ("epoch,vehicle_speed [mph]", "10", 4.4704),
        ("timestamp,VSS (kph)", "36", 10.0),
        ("UTC,CAN speed (kn)", "10", 5.14444),
        ("timestamp,VehicleSpeed", "36", 10.0),
    ],
)
def test_headings_of_common_loggers_are_understood(tmp_path, header, value, m_s):
    path = write(tmp_path, header, f"1780000000,{value}", f"1780000001,{value}")
    track = read_obd(path)
    assert track.speed_m_s == pytest.approx([m_s, m_s], rel=1e-4)
    assert track.timestamp_ns.tolist() == [START_NS, START_NS + 10**9]
    assert not track.is_elapsed
    assert track.unit_is_stated == ("VehicleSpeed" not in header)


def test_the_speed_of_the_car_goes_before_that_of_the_satellites(tmp_path):
    path = write(
        tmp_path,
        "GPS Time, Device Time, Longitude, Latitude,GPS Speed (Meters/second), Speed (OBD)(km/h)",
        "Wed Jul 06 17:21:22 GMT 2016, 06-Jul-2016 17:21:22.373, 1, 2, 3.0, 36",
        "Wed Jul 06 17:21:23 GMT 2016, 06-Jul-2016 17:21:23.373, 1, 2, 3.0, -",
        "Wed Jul 06 17:21:24 GMT 2016, 06-Jul-2016 17:21:24.373, 1, 2, 3.0, 72",
    )
    track = read_obd(path)
    assert track.speed_m_s[[0, 2]] == pytest.approx([10, 20])
    assert np.isnan(track.speed_m_s[1])
    assert track.timestamp_ns[0] == 1_467_825_682_373_000_000
    assert any("zone" in note for note in track.notes)
    there = read_obd(path, zone_s=5.5 * 3600)
    assert there.timestamp_ns[0] == track.timestamp_ns[0] - round(5.5 * 3600) * 10**9
    assert not any("zone" in note for note in there.notes)


def test_dates_with_a_zone_keep_it(tmp_path):
    path = write(
        tmp_path,
        "date,speed (km/h)",
        "2026-05-12T12:00:00+05:30,36",
        "2026-05-12T12:00:01+05:30,36",
    )
    assert read_obd(path, zone_s=0).timestamp_ns[0] == read_obd(path).timestamp_ns[0]
    assert read_obd(path).timestamp_ns[0] == 1_778_567_400 * 10**9


def test_a_log_with_a_row_for_each_signal_is_read(tmp_path):
    path = write(
        tmp_path,
        '"SECONDS";"PID";"VALUE";"UNITS"',
        '"10,5";"Engine RPM";"1500";"rpm"',
        '"10,6";"Vehicle speed";"36";"km/h"',
        '"11,6";"Vehicle speed";"72";"km/h"',
        '"11,7";"Speed (GPS)";"70";"km/h"',
    )
    track = read_obd(path)
    assert track.speed_m_s == pytest.approx([10, 20])
    assert track.is_elapsed
    assert track.timestamp_ns.tolist() == [10_600_000_000, 11_600_000_000]
    assert track.column == "Vehicle speed"


def test_rows_are_sorted_and_what_is_left_out_is_told(tmp_path):
    path = write(
        tmp_path,
        "timestamp,speed (km/h)",
        "1780000002,72",
        "1780000001,36",
        "1780000001,37",
        "never,50",
        "1780000003,-1",
    )
    track = read_obd(path)
    assert (np.diff(track.timestamp_ns) > 0).all()
    assert track.speed_m_s[:2] == pytest.approx([10, 20])
    assert np.isnan(track.speed_m_s[2])
    said = " ".join(track.notes)
    for word in ("sorted", "no usable time", "time of another", "below 0"):
        assert word in said


def test_whole_numbers_in_another_unit_than_obd_has_are_doubted(tmp_path):
    rows = [f"{1_780_000_000 + k},{k}" for k in range(100)]
    doubted = read_obd(write(tmp_path, "timestamp,vehicle speed (m/s)", *rows))
    assert any("whole" in note for note in doubted.notes)
    assert any("no car drives" in note for note in doubted.notes)
    fine = read_obd(write(tmp_path, "timestamp,vehicle speed (km/h)", *rows))
    assert not any("whole" in note for note in fine.notes)


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ((), "names no time"),
        (("speed (km/h)", "3"), "names no time"),
        (("timestamp,rpm", "1780000000,900"), "names no speed"),
        (("timestamp,speed", "1780000000,"), "holds no row"),
    ],
)
def test_a_file_without_time_or_speed_is_refused(tmp_path, lines, what):
    with pytest.raises(InputError, match=what) as raised:
        read_obd(write(tmp_path, *lines))
    assert "Vehicle speed (km/h)" in str(raised.value)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="can't be read"):
        read_obd(tmp_path / "none.csv")


def a_ride(seconds=600):
    time_s = np.arange(seconds, dtype=np.float64)
    return time_s, np.clip(12 + 9 * np.sin(time_s / 23) + 4 * np.sin(time_s / 7), 0, None)


def positions_of(time_s, speed_m_s, *, noise_m=0.0):
    way_m = np.concatenate([[0], np.cumsum((speed_m_s[1:] + speed_m_s[:-1]) / 2 * np.diff(time_s))])
    way_m = way_m + noise_m * np.random.default_rng(1).standard_normal(len(way_m))
    return LocationTrack(
        timestamp_ns=START_NS + (time_s * 1e9).astype(np.int64),
        latitude_deg=20 + np.degrees(way_m / EARTH_RADIUS_M),
        longitude_deg=np.full(len(way_m), 77.0),
        speed_m_s=np.full(len(way_m), np.nan),
        format="gpx",
    )


@pytest.mark.parametrize(
    ("planted", "factor", "words"),
    [
        (3.6, 1 / 3.6, "km/h were taken for m/s"),
        (1 / 3.6, 3.6, "m/s were taken for km/h"),
        (0.621371, 1.609344, "mph were taken for km/h"),
        (1.609344, 0.621371, "km/h were taken for mph"),
        (1 / 0.44704, 0.44704, "mph were taken for m/s"),
    ],
)
def test_a_unit_that_lies_is_found_by_positions(planted, factor, words):
    time_s, speed = a_ride()
    track = positions_of(time_s, speed, noise_m=0.3)
    # wheels are 3 % off, and the log is a second early
    verdict = check_speed_units(time_s - 1.0, speed * 1.03 * planted, track, start_ns=START_NS)
    assert verdict.verdict == "wrong_unit"
    assert verdict.factor == pytest.approx(factor, rel=1e-3)
    assert words in verdict.text


def test_a_right_unit_agrees_and_the_lag_is_found():
    time_s, speed = a_ride()
    verdict = check_speed_units(
        time_s - 2.0, speed * 1.04, positions_of(time_s, speed), start_ns=START_NS
    )
    assert verdict.verdict == "agrees"
    assert verdict.factor == 1
    assert verdict.lag_s == 2.0


def test_another_ride_is_not_explained_by_a_unit():
    time_s, speed = a_ride()
    rng = np.random.default_rng(3)
    verdict = compare_speeds(time_s, rng.uniform(4, 30, len(time_s)), time_s, speed)
    assert verdict.verdict == "unclear"
    assert verdict.factor is None
    odd = compare_speeds(time_s, speed * 1.3, time_s, speed)
    assert odd.verdict == "unclear"


def test_a_car_that_stands_says_nothing():
    time_s = np.arange(100.0)
    verdict = compare_speeds(time_s, np.zeros(100), time_s, np.zeros(100))
    assert verdict.verdict == "too_little"
    assert verdict.factor is None


def test_real_can_speed_in_km_h_is_found_out(shared_data):
    folder = shared_data / "speed" / "comma2k19_can_speed"
    if not folder.is_dir():
        pytest.skip("the CAN speed is not here")
    time_s, speed = np.load(folder / "t.npy"), np.load(folder / "value.npy").ravel()
    time_s = time_s - time_s[0]
    track = positions_of(time_s[::20], speed[::20])
    assert compare_speeds(time_s, speed, time_s[::20], speed[::20]).verdict == "agrees"
    verdict = check_speed_units(time_s, speed * 3.6, track, start_ns=START_NS)
    assert verdict.verdict == "wrong_unit"
    assert verdict.factor == pytest.approx(1 / 3.6)


def test_a_real_sparse_track_of_positions_does_not_call_a_unit_wrong(shared_data):
    path = shared_data / "speed" / "car_visnjan.gpx"
    if not path.is_file():
        pytest.skip("the track is not here")
    track = read_location(path)
    time_s = (track.timestamp_ns - track.timestamp_ns[0]) / 1e9
    verdict = check_speed_units(time_s, track.speed_m_s, track, start_ns=int(track.timestamp_ns[0]))
    assert verdict.verdict in ("agrees", "too_little")


def logged(time_s, speed_m_s, *, is_elapsed=False):
    return SpeedTrack(
        timestamp_ns=START_NS + (time_s * 1e9).astype(np.int64),
        is_elapsed=is_elapsed,
        speed_m_s=speed_m_s,
        column="Vehicle speed",
        unit="km/h",
        unit_is_stated=True,
    )


def received(time_s, speed_m_s):
    return replace(positions_of(time_s, speed_m_s), speed_m_s=speed_m_s * 0.99)


def test_the_car_goes_before_the_receiver():
    time_s, speed = a_ride()
    best = best_speed(logged(time_s, speed), received(time_s, speed), start_ns=START_NS)
    assert best.source == "car"
    assert best.speed_m_s == pytest.approx(speed)
    assert best.time_s[0] == 0
    assert best.units.verdict == "agrees"


def test_a_car_whose_unit_lies_is_mended_and_it_is_said():
    time_s, speed = a_ride()
    best = best_speed(logged(time_s, speed * 3.6), received(time_s, speed), start_ns=START_NS)
    assert best.source == "car"
    assert best.speed_m_s == pytest.approx(speed)
    assert any("km/h were taken for m/s" in note for note in best.notes)


def test_a_car_that_contradicts_positions_is_left_out():
    time_s, speed = a_ride()
    best = best_speed(
        logged(time_s, speed[::-1].copy()), received(time_s, speed), start_ns=START_NS
    )
    assert best.source == "location"
    assert any("left out" in note for note in best.notes)


def test_a_log_that_counts_from_its_own_start_has_no_place():
    time_s, speed = a_ride()
    log = logged(time_s, speed, is_elapsed=True)
    best = best_speed(log, received(time_s, speed), start_ns=START_NS)
    assert best.source == "location"
    assert any("its own start" in note for note in best.notes)
    alone = best_speed(log, None, start_ns=START_NS)
    assert alone.source == "none"
    assert len(alone.time_s) == 0


def test_a_car_alone_is_believed_and_called_unchecked():
    time_s, speed = a_ride()
    best = best_speed(logged(time_s, speed), None, start_ns=START_NS)
    assert best.source == "car"
    assert any("unchecked" in note for note in best.notes)
    assert best_speed(None, None, start_ns=START_NS).source == "none"
