"""A planted offset of gaze is found, and doubt refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dashgaze.collection.targets import DEGREES, estimate_offset
from dashgaze.collection.targets.known_targets import on_tracker_clock, page_clock
from dashgaze.errors import InputError

START_NS = 1_780_000_000_000_000_000
PLANTED_DEG = (1.4, -0.8)


def looked(count=20, *, noise=0.3, each=0.4, seed=3, offset=PLANTED_DEG):
    """Gaze at 120 Hz and targets at 25 Hz: two seconds each, with half a second between."""
    rng = np.random.default_rng(seed)
    target_s, names, places, gaze_s, gaze = [], [], [], [], []
    for number in range(count):
        start_s = number * 2.5
        times_s = start_s + np.arange(50) / 25
        way = np.linspace(rng.uniform(-15, 15, 2), rng.uniform(-15, 15, 2), 50)
        target_s.append(times_s)
        names += [f"t{number}"] * 50
        places.append(way)
        seen_s = start_s + np.arange(240) / 120
        at = np.stack([np.interp(seen_s, times_s, way[:, axis]) for axis in (0, 1)], axis=1)
        bias = rng.normal(0, each, 2)
        looks = at + np.array(offset) + bias + rng.normal(0, noise, (240, 2))
        looks[:30] = rng.uniform(-20, 20, 2)  # still on the way
        gaze_s.append(seen_s)
        gaze.append(looks)
    return {
        "gaze_ns": START_NS + np.round(np.concatenate(gaze_s) * 1e9).astype(np.int64),
        "gaze": np.concatenate(gaze),
        "target_ns": START_NS + np.round(np.concatenate(target_s) * 1e9).astype(np.int64),
        "target_id": np.array(names, dtype=object),
        "target": np.concatenate(places),
        "unit": "deg",
        "limits": DEGREES,
    }


def test_a_planted_offset_lies_within_the_stated_error_as_often_as_stated():
    inside = 0
    for seed in range(200):
        found = estimate_offset(**looked(seed=seed))
        assert found.verdict == "ok"
        inside += abs(found.offset[0] - PLANTED_DEG[0]) <= found.error_95[0]
        inside += abs(found.offset[1] - PLANTED_DEG[1]) <= found.error_95[1]
    assert 0.91 <= inside / 400 <= 0.99


def test_gaze_is_left_as_it_was():
    given = looked()
    before = given["gaze"].copy()
    estimate_offset(**given)
    assert np.array_equal(given["gaze"], before)


def test_the_time_that_the_eyes_take_to_arrive_does_not_count():
    given = looked(noise=0.05, each=0.05)
    for number in range(20):
        start_ns = START_NS + round(number * 2.5e9)
        late = (given["gaze_ns"] >= start_ns) & (given["gaze_ns"] < start_ns + 380_000_000)
        given["gaze"][late] = (25.0, 25.0)
    shown = (given["target_ns"] - START_NS) % 2_500_000_000 < 760_000_000
    given |= {name: given[name][shown] for name in ("target_ns", "target_id", "target")}
    found = estimate_offset(**given)
    assert found.verdict == "ok"
    assert found.used >= 18
    assert np.allclose(found.offset, PLANTED_DEG, atol=0.1)


def test_targets_that_were_not_looked_at_do_not_count():
    given = looked()
    for number in (3, 9, 14):
        given["gaze"][number * 240 : (number + 1) * 240] += (9.0, 4.0)
    found = estimate_offset(**given)
    assert found.verdict == "ok"
    assert (found.shown, found.used) == (20, 17)
    assert np.allclose(found.offset, PLANTED_DEG, atol=0.4)


def test_too_few_targets_are_refused():
    found = estimate_offset(**looked(count=5))
    assert found.verdict == "refused"
    assert found.offset is None
    assert "5 targets were looked at" in found.reasons[0]


def test_gaze_that_went_elsewhere_is_refused():
    given = looked()
    given["gaze"] = np.random.default_rng(1).uniform(-20, 20, given["gaze"].shape)
    found = estimate_offset(**given)
    assert (found.verdict, found.offset) == ("refused", None)


def test_steady_looks_that_scatter_are_refused():
    found = estimate_offset(**looked(each=6.0))
    assert found.verdict == "refused"
    assert any("scatter by" in reason for reason in found.reasons)


def test_an_offset_that_is_not_known_well_enough_is_refused():
    found = estimate_offset(**looked() | {"limits": replace(DEGREES, error=0.05)})
    assert found.verdict == "refused"
    assert "is wanted" in found.reasons[0]


def test_lost_gaze_and_no_targets_are_refused_not_an_error():
    given = looked()
    given["gaze"][:] = np.nan
    assert estimate_offset(**given).verdict == "refused"
    none = {name: given[name][:0] for name in ("target_ns", "target_id", "target")}
    assert estimate_offset(**given | none).shown == 0


def test_the_result_is_json():
    content = json.loads(json.dumps(estimate_offset(**looked()).to_json(), allow_nan=False))
    assert content["verdict"] == "ok"
    assert "corrected gaze = gaze" in content["what"]


def asked(page_ms, *, offset_ms, trip_ms, drift_ppm=0.0):
    """A question that was held up on its way there, all but half a millisecond."""
    host = START_NS + round((page_ms * (1 + drift_ppm * 1e-6) + offset_ms + trip_ms - 0.5) * 1e6)
    text = str(host)
    return {
        "kind": "clock",
        "sent_ms": page_ms,
        "back_ms": page_ms + trip_ms,
        "host_received_ns": text,
        "host_sent_ns": text,
    }


def test_the_pages_clock_comes_from_its_quickest_answers_and_follows_drift():
    rng = np.random.default_rng(2)
    lines = [
        asked(at, offset_ms=250.0, trip_ms=1 + rng.exponential(20), drift_ppm=40)
        for at in np.arange(0, 1_800_000, 2000.0)
    ]
    clock = page_clock(lines)
    at_ms = np.array([0.0, 900_000.0, 1_800_000.0])
    true_ns = START_NS + np.round((at_ms * (1 + 40e-6) + 250.0) * 1e6).astype(np.int64)
    assert np.abs(clock.host_ns(at_ms) - true_ns).max() < clock.uncertainty_ms * 1e6
    assert np.abs(clock.host_ns(at_ms) - true_ns).max() < 2.5e6
    assert clock.uncertainty_ms < 5


def test_a_page_without_a_clock_is_refused():
    with pytest.raises(InputError, match="never asked"):
        page_clock([])


def test_times_of_the_tracker_lie_between_its_measured_offsets(tmp_path):
    (tmp_path / "field").mkdir()
    assert on_tracker_clock(tmp_path, np.array([START_NS])) is None
    measured = [
        {"role": "tracker", "host_ns": START_NS, "offset_ms": 100.0},
        {"role": "tracker", "host_ns": START_NS + 10**12, "offset_ms": 110.0},
        {"role": "phone", "host_ns": START_NS, "offset_ms": 9.0},
    ]
    (tmp_path / "field" / "clocks.json").write_text(json.dumps({"measurements": measured}))
    times = np.array([START_NS, START_NS + 5 * 10**11])
    assert (on_tracker_clock(tmp_path, times) - times).tolist() == [100_000_000, 105_000_000]
