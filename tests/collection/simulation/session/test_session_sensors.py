"""Gyroscope, accelerometer, events and satellite receiver say what happens, with their errors."""

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dashgaze.collection.location import EARTH_RADIUS_M, read_location
from dashgaze.collection.simulation.story.gnss import LAG_S, START_DEG


@pytest.fixture(scope="module")
def felt(recording, facts):
    """Phone times and inertial samples."""
    clocks = facts["clocks"]
    tracker_s = (recording.imu.timestamp_ns - clocks["tracker_epoch_ns_at_t_tracker_0"]) / 1e9
    phone_s = (tracker_s - clocks["offset_s"]) / (1 + clocks["drift_ppm"] * 1e-6)
    return tracker_s, phone_s, recording.imu.gyro_deg_s, recording.imu.accel_g


def turned(tracker_s, gyro_deg_s):
    """Integrate rates over their own times: rotation from the last axes to the first."""
    total = Rotation.identity()
    for step_s, before, after in zip(
        np.diff(tracker_s), gyro_deg_s[:-1], gyro_deg_s[1:], strict=True
    ):
        total = total * Rotation.from_rotvec(np.radians((before + after) / 2) * step_s)
    return total


def test_the_gyroscope_integrates_to_the_true_rotation(recording, felt, truth, poses):
    assert recording.imu.axes == "x right, y down, z forward"
    tracker_s, _, gyro_deg_s, _ = felt
    ego = Rotation.from_matrix(poses["ego"][:, :, :3])
    frame_s = truth["t_tracker_s"].to_numpy()
    # The device's bias: what it feels beyond the turns from frame to frame.
    rates = np.degrees((ego[:-1].inv() * ego[1:]).as_rotvec()) / np.diff(frame_s)[:, None]
    edges = np.searchsorted(tracker_s, frame_s)
    inside = np.flatnonzero((edges[:-1] > 0) & (edges[1:] < len(tracker_s)))
    means = np.array([gyro_deg_s[edges[row] : edges[row + 1]].mean(axis=0) for row in inside])
    bias_deg_s = np.median(means - rates[inside], axis=0)
    assert 0 < np.abs(bias_deg_s).max() < 1.2
    wrong_deg, total_deg = [], []
    for begin_s in np.arange(tracker_s[0] + 0.2, tracker_s[-1] - 3.3, 1.1):
        first, last = np.searchsorted(frame_s, (begin_s, begin_s + 3.0))
        part = slice(*np.searchsorted(tracker_s, (frame_s[first], frame_s[last])))
        seen = turned(
            np.concatenate([[frame_s[first]], tracker_s[part], [frame_s[last]]]),
            np.vstack([gyro_deg_s[part.start], gyro_deg_s[part], gyro_deg_s[part.stop]])
            - bias_deg_s,
        )
        true = ego[first].inv() * ego[last]
        wrong_deg.append(np.degrees((seen.inv() * true).magnitude()))
        total_deg.append(np.degrees((ego[first].inv() * ego[first:last]).magnitude()).max())
    assert len(wrong_deg) >= 6
    assert max(wrong_deg) < 0.5
    assert max(total_deg) > 5  # it does turn


def test_the_accelerometer_feels_gravity_and_the_cars_motion(felt, story):
    _, phone_s, _, accel_g = felt
    assert np.linalg.norm(accel_g, axis=1).mean() == pytest.approx(1.0, abs=0.03)
    pose = story.world_from_ego(phone_s)
    in_world = np.einsum("nij,nj->ni", pose.rotation, accel_g)
    np.testing.assert_allclose(in_world.mean(axis=0)[1], -1.0, atol=0.02)
    # The rest is what changes the velocity of the head: over three seconds and more.
    for begin, end in ((100, 900), (600, len(phone_s) - 100)):
        gained = np.trapezoid(in_world[begin:end], phone_s[begin:end], axis=0) * 9.80665
        step_s = 1e-3
        speed = [
            np.diff(
                story.world_from_ego(phone_s[at] + np.array([-step_s, step_s])).origin_m, axis=0
            )[0]
            / (2 * step_s)
            for at in (begin, end - 1)
        ]
        expected = speed[1] - speed[0]
        expected[1] -= 9.80665 * (phone_s[end - 1] - phone_s[begin])
        np.testing.assert_allclose(gained, expected, atol=0.15)


def test_inertial_samples_come_about_200_times_a_second(felt):
    tracker_s, *_ = felt
    assert np.median(np.diff(tracker_s)) == pytest.approx(1 / 200, rel=0.03)
    assert 0.3 < tracker_s[0] < 0.5


def test_events_are_the_stops_of_the_ride(recording, story, facts):
    clocks = facts["clocks"]
    names = [event.name for event in recording.events]
    assert names[0] == "recording.begin"
    assert names[-1] == "recording.end"
    stamps = [event.timestamp_ns for event in recording.events]
    assert stamps == sorted(stamps)
    for event in recording.events[1:-1]:
        tracker_s = (event.timestamp_ns - clocks["tracker_epoch_ns_at_t_tracker_0"]) / 1e9
        phone_s = (tracker_s - clocks["offset_s"]) / (1 + clocks["drift_ppm"] * 1e-6)
        ends = [stop.start_s if event.name == "stop" else stop.end_s for stop in story.ride.stops]
        assert np.abs(np.array(ends) - phone_s).min() < 1e-6


def test_the_receivers_track_is_the_route_with_a_receivers_errors(session, story, drive):
    track = read_location(session.location_path)
    assert track.format == "csv"
    assert not track.notes
    time_s = (track.timestamp_ns - session.manifest.phone_start_ns) / 1e9
    assert len(time_s) == drive.seconds
    np.testing.assert_allclose(np.diff(time_s), 1.0, atol=1e-6)
    assert 0 <= time_s[0] < 0.2
    then_s = time_s - LAG_S
    off_m_s = track.speed_m_s - story.ride.speed_m_s(then_s)
    assert np.abs(off_m_s).max() < 0.7
    assert np.sqrt((off_m_s**2).mean()) < 0.3
    place = story.ride.ground_from(then_s).origin_m
    north_m = np.radians(track.latitude_deg - START_DEG[0]) * EARTH_RADIUS_M
    east_m = (
        np.radians(track.longitude_deg - START_DEG[1])
        * EARTH_RADIUS_M
        * np.cos(np.radians(START_DEG[0]))
    )
    off_m = np.hypot(east_m - place[:, 0], north_m - place[:, 2])
    assert 0.05 < off_m.mean() < 8
    assert np.abs(np.diff(off_m)).max() < 4  # errors wander, they don't jump


def test_the_recording_says_itself_when_it_was_made(root, recording, facts):
    info = json.loads((root / "eye_tracker" / "info.json").read_text(encoding="utf-8"))
    first_ns = facts["clocks"]["tracker_epoch_ns_at_t_tracker_0"]
    assert recording.world.timestamp_ns[0] == first_ns
    assert info["start_time"] < first_ns < info["start_time"] + info["duration"]
    assert recording.gaze.worn.all()
    assert recording.gaze.timestamp_ns[0] < first_ns < recording.imu.timestamp_ns[0]
