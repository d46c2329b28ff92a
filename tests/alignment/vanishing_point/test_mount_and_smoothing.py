"""From pairs of pictures to a mount point, and to every frame."""

import numpy as np
import pytest

from dashgaze.alignment.vanishing_point.frame_points import REASONS, frame_points
from dashgaze.alignment.vanishing_point.mount_point import find_mount_point, straight_blocks
from dashgaze.alignment.vanishing_point.pitch_smoothing import lean_of, smooth_travel
from dashgaze.alignment.vanishing_point.travel import REFUSALS
from dashgaze.alignment.vanishing_point.travel_track import SEEN, TravelTrack

MOUNT_DEG = np.array([1.5, -2.0])
GAP_S = 0.1


def made_track(seconds=60.0, *, seed=0, pitch_deg=0.3, heave_deg=0.4, yaw_deg_s=0.0, lean=0.0):
    """A car that nods twice in three seconds, and its true direction in degrees."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(GAP_S / 2, seconds, GAP_S)
    m = len(time_s)
    yaw = np.broadcast_to(np.asarray(yaw_deg_s, dtype=np.float64), m)

    def nod(t):
        return pitch_deg * np.sin(2 * np.pi * t / 1.5)

    true = MOUNT_DEG + np.column_stack([np.zeros(m), nod(time_s)])
    sd = 0.1
    focus = true + rng.normal(0, sd, (m, 2)) + rng.normal(0, 1, (m, 2)) * [0.0, heave_deg]
    turn = np.zeros((m, 3))
    turn[:, 0] = nod(time_s + GAP_S / 2) - nod(time_s - GAP_S / 2) + lean * yaw * GAP_S
    turn[:, 1] = yaw * GAP_S
    turn += rng.normal(0, 0.005, turn.shape)
    track = TravelTrack(
        time_s=time_s,
        gap_s=np.full(m, GAP_S),
        focus=np.tan(np.radians(focus)),
        covariance=np.tile(np.eye(2) * np.radians(sd) ** 2, (m, 1, 1)),
        turn_rad=np.radians(turn),
        turn_sd_rad=np.full((m, 3), np.radians(0.005)),
        inlier_count=np.full(m, 200),
        expansion=np.full(m, 0.05),
        refusal=np.full(m, SEEN),
    )
    return track, true


def everywhere(track):
    return np.ones(len(track), dtype=bool)


def test_mount_point_is_found_within_its_error():
    scores = []
    for seed in range(30):
        track, _ = made_track(seed=seed)
        mount = find_mount_point(straight_blocks(track, everywhere(track)))
        scores.append((mount.point_deg - MOUNT_DEG) / mount.se_deg)
        assert np.abs(mount.point_deg - MOUNT_DEG).max() < 0.2
    assert (np.abs(scores) < 1.96).mean() >= 0.9


def test_a_fifth_of_bad_blocks_moves_it_little():
    track, _ = made_track(80.0)
    bad = track.time_s < 16
    focus = np.where(bad[:, None], track.focus + 0.1, track.focus)
    shifted = TravelTrack(**{**vars(track), "focus": focus})
    mount = find_mount_point(straight_blocks(shifted, everywhere(track)))
    assert np.abs(mount.point_deg - MOUNT_DEG).max() < 0.25
    assert mount.spread_deg.max() < 0.6


def test_bends_standing_and_refusals_are_gated_by_name():
    track, _ = made_track(16.0, yaw_deg_s=0.0)
    turn = track.turn_rad.copy()
    turn[track.time_s < 4, 1] = np.radians(10 * GAP_S)
    refusal = track.refusal.copy()
    refusal[(track.time_s > 4) & (track.time_s < 8)] = REFUSALS.index("one_sided")
    changed = TravelTrack(**{**vars(track), "turn_rad": turn, "refusal": refusal})
    moving = (track.time_s < 8) | (track.time_s > 12)
    blocks = straight_blocks(changed, moving)
    assert len(blocks) == 1
    assert blocks.gated == {"one_sided": 1, "slow": 1, "turning": 1}


def test_without_straight_driving_there_is_no_mount_point():
    track, _ = made_track(yaw_deg_s=12.0)
    blocks = straight_blocks(track, everywhere(track))
    assert blocks.gated == {"turning": 15}
    assert find_mount_point(blocks) is None


def test_smoothing_follows_the_nodding_better_than_the_focus_or_the_mount_point():
    track, true = made_track()
    mount = find_mount_point(straight_blocks(track, everywhere(track)))
    smooth = smooth_travel(track, everywhere(track), mount)
    error = np.sqrt(((smooth.point_deg - true)[:, 1] ** 2).mean())
    raw = np.sqrt(((np.degrees(np.arctan(track.focus)) - true)[:, 1] ** 2).mean())
    constant = np.sqrt(((mount.point_deg - true)[:, 1] ** 2).mean())
    assert error < 0.6 * constant < 0.8 * raw
    assert error < 0.12


def test_stated_errors_of_frames_hold():
    inside = []
    for seed in range(15):
        track, true = made_track(seed=seed)
        moving = everywhere(track)
        mount = find_mount_point(straight_blocks(track, moving))
        points = frame_points(track.time_s, smooth_travel(track, moving, mount), moving, mount)
        inside.append(np.abs(points.point_deg - true) < 1.96 * points.sd_deg)
    assert np.mean(inside) >= 0.9


def test_a_camera_that_hangs_askew_does_not_make_hills_of_bends():
    bends = 8 * np.sign(np.sin(np.arange(600) * 2 * np.pi / 150))
    track, true = made_track(pitch_deg=0.0, yaw_deg_s=bends, lean=0.05)
    assert lean_of(track) == pytest.approx(0.05, abs=0.01)
    straight, _ = made_track()
    mount = find_mount_point(straight_blocks(straight, everywhere(straight)))
    smooth = smooth_travel(track, everywhere(track), mount)
    assert np.abs(smooth.point_deg - true)[:, 1].max() < 0.5


def test_slow_and_unseen_frames_say_why():
    track, _ = made_track(30.0)
    refusal = np.where((track.time_s > 10) & (track.time_s < 16), REFUSALS.index("one_sided"), SEEN)
    track = TravelTrack(**{**vars(track), "refusal": refusal})
    moving = track.time_s < 24
    mount = find_mount_point(straight_blocks(track, moving))
    at = np.array([5.0, 10.5, 13.0, 20.0, 28.0])
    points = frame_points(at, smooth_travel(track, moving, mount), moving, mount)
    said = [None if code < 0 else REASONS[code] for code in points.reason]
    assert said == [None, None, "not_seen", None, "slow"]
    assert np.isfinite(points.point_deg).all(axis=1).tolist() == [True, True, False, True, False]


def test_known_speed_decides_before_flow():
    track, _ = made_track(1.0)
    speed = np.array([0.0, 3.9, 4.1, np.nan] + [10.0] * 6)
    assert track.moving(speed).tolist() == [False, False, True, True] + [True] * 6
    crawling = TravelTrack(**{**vars(track), "expansion": np.full(len(track), 0.005)})
    assert not crawling.moving(None).any()
