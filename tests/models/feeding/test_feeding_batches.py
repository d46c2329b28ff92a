"""Batches: their content, order, and the changes of pictures."""

import numpy as np
import pytest
import torch

from dashgaze.models.contract.scale import px_from_unit
from dashgaze.models.feeding.augmentation import AugmentOptions, augment
from dashgaze.models.feeding.batches import Feed, batches, feed, make_batch
from dashgaze.models.feeding.cache import cached
from dashgaze.models.feeding.dataset import open_samples
from dashgaze.models.feeding.rows import learnable, shuffled, thinned

SIZES_PX = {"driver": (56, 56), "face": (28, 28), "left_eye": (50, 25)}


@pytest.fixture(scope="module")
def opened(tiny_dataset):
    """Frames of two sessions."""
    return open_samples(tiny_dataset, sessions=["session_001", "session_003"])


def test_a_batch_holds_what_its_rows_say(opened):
    samples, pictures = opened
    rows = np.array([0, 7, 45, 35, 3])
    batch = make_batch(samples, pictures, rows, ["session_003"], SIZES_PX)
    assert batch.rows.tolist() == rows.tolist()
    assert batch.session.tolist() == [-1, -1, 0, -1, -1]
    assert batch.pictures["driver"].shape == (5, 3, 56, 56)
    assert batch.pictures["left_eye"].shape == (5, 3, 25, 50)
    assert batch.pictures["face"].dtype == torch.uint8
    assert batch.face_known.tolist() == [True, False, True, False, True]
    assert batch.present["driver"].tolist() == [True, True, True, False, True]
    assert batch.present["face"].tolist() == [True, False, True, False, True]
    some = samples.take(rows)
    for name, target, wanted, size in (
        ("gaze", batch.target_xy, some.gaze_road_px, some.road_size_px),
        ("landmarks", batch.landmarks, some.landmarks_px, some.driver_size_px),
    ):
        found = px_from_unit(target.double().numpy(), size)
        known = np.isfinite(wanted)
        assert np.allclose(found[known], wanted[known], atol=1e-2), name
    assert torch.isnan(batch.target_xy[4]).all()
    assert torch.isfinite(batch.landmarks).all()
    assert not batch.landmarks[1].any()
    assert np.allclose(np.degrees(batch.target_angle.numpy()), some.gaze_angle_deg, atol=1e-4)
    left = (batch.face_box[0, 0] - batch.face_box[0, 2] / 2 + 1) / 2 * 1280
    assert float(left) == pytest.approx(some.face_box_px[0, 0], abs=1e-3)


def test_missing_landmarks_are_zero_and_never_nan(opened):
    samples, pictures = opened
    batch = make_batch(samples, pictures, np.arange(len(samples)), samples.sessions, {})
    for name in ("landmarks", "face_box", "head_pose", "driver_size_px"):
        assert torch.isfinite(getattr(batch, name)).all(), name
    assert not batch.face_box[~batch.face_known].any()
    assert not batch.head_pose[~batch.head_pose_known].any()


def _fed(opened, **choices):
    how = Feed(batch_size=16, augmentation=AugmentOptions(), **choices)
    return list(feed(*opened, how, sizes_px=SIZES_PX))


def test_order_and_pictures_do_not_depend_on_workers(opened):
    alone = _fed(opened, shuffle_seed=5, workers=0)
    for workers in (1, 3):
        several = _fed(opened, shuffle_seed=5, workers=workers)
        assert len(alone) == len(several) == 5
        for one, other in zip(alone, several, strict=True):
            assert torch.equal(one.rows, other.rows)
            assert torch.equal(one.pictures["face"], other.pictures["face"])


def test_each_frame_comes_once_in_an_order_of_its_epoch(opened):
    orders = []
    for epoch in (0, 1):
        rows = torch.cat([each.rows for each in _fed(opened, shuffle_seed=5, epoch=epoch)])
        assert sorted(rows.tolist()) == list(range(80))
        orders.append(rows.tolist())
    assert orders[0] != orders[1]
    assert orders[0] != list(range(80))


def test_an_epoch_goes_on_in_its_middle(opened):
    whole = _fed(opened, shuffle_seed=2)
    rest = _fed(opened, shuffle_seed=2, first_batch=3)
    assert [each.rows.tolist() for each in rest] == [each.rows.tolist() for each in whole[3:]]
    assert torch.equal(rest[0].pictures["driver"], whole[3].pictures["driver"])


def test_processes_share_every_batch(opened):
    whole = _fed(opened, shuffle_seed=2)
    parts = [_fed(opened, shuffle_seed=2, part=(rank, 2)) for rank in (0, 1)]
    for batch, one, other in zip(whole, *parts, strict=True):
        assert sorted(batch.rows.tolist()) == sorted(one.rows.tolist() + other.rows.tolist())


def test_a_last_batch_that_is_not_full_may_be_left_out():
    assert Feed(batch_size=32).batch_count(80) == 3
    assert Feed(batch_size=32, drop_last=True).batch_count(80) == 2
    assert Feed(batch_size=100, drop_last=True).batch_count(80) == 1


def test_a_consumer_that_stops_early_stops_the_workers(opened):
    fed = batches(*opened, batch_size=4, sizes_px=SIZES_PX, workers=2)
    next(fed)
    fed.close()


def test_a_fault_in_a_worker_reaches_the_consumer(opened):
    with pytest.raises(KeyError):
        list(batches(*opened, batch_size=4, sizes_px={"mouth": (4, 4)}, workers=2))


def _pictures(seed=0):
    random = np.random.default_rng(seed)
    return {
        "driver": random.integers(1, 255, (3, 3, 40, 40), dtype=np.uint8),
        "face": random.integers(1, 255, (3, 3, 40, 40), dtype=np.uint8),
    }


def test_changes_are_repeatable_and_leave_what_they_are_given():
    given = _pictures()
    before = {name: each.copy() for name, each in given.items()}
    one = augment(given, AugmentOptions(), np.random.default_rng(4))
    other = augment(given, AugmentOptions(), np.random.default_rng(4))
    for name in given:
        assert np.array_equal(given[name], before[name])
        assert np.array_equal(one[name], other[name])
        assert not np.array_equal(one[name], given[name])


def test_no_change_is_no_change():
    none = AugmentOptions(brightness=0, contrast=0, gamma=0, noise_levels=0, shift=0, zoom=0)
    given = _pictures()
    made = augment(given, none, np.random.default_rng(4))
    assert all(np.array_equal(made[name], given[name]) for name in given)


def test_the_driver_view_stays_in_place_and_absent_pictures_stay_black():
    moves = AugmentOptions(brightness=0, contrast=0, gamma=0, noise_levels=0, shift=0.2, zoom=0.2)
    given = _pictures()
    made = augment(given, moves, np.random.default_rng(4))
    assert np.array_equal(made["driver"], given["driver"])
    assert not np.array_equal(made["face"], given["face"])
    black = {"face": np.zeros((4, 3, 30, 30), np.uint8)}
    assert not augment(black, AugmentOptions(), np.random.default_rng(1))["face"].any()


def test_a_face_moves_no_further_than_was_asked_for():
    face = np.zeros((50, 3, 101, 101), np.uint8)
    face[:, :, 48:53, 48:53] = 200
    options = AugmentOptions(brightness=0, contrast=0, gamma=0, noise_levels=0, shift=0.1, zoom=0)
    made = augment({"face": face}, options, np.random.default_rng(0))["face"][:, 0].astype(float)
    columns = (made.sum(axis=1) @ np.arange(101)) / made.sum(axis=(1, 2))
    offsets = np.abs(columns - 50)
    assert 5.0 < offsets.max() <= 10.2


def test_frames_are_thinned_by_time(tiny_samples):
    rows = thinned(tiny_samples, 0.1)
    some = tiny_samples.take(rows)
    assert len(rows) == 6 * 8
    for session in some.sessions:
        assert np.diff(some.time_s[some.session_id == session]).min() >= 9.9
    assert len(thinned(tiny_samples, 30)) == len(tiny_samples)
    with pytest.raises(ValueError, match="can't be chosen"):
        thinned(tiny_samples, 0)


def test_only_frames_with_gaze_eyes_open_and_a_face_are_learned_from(tiny_samples):
    rows = learnable(tiny_samples)
    some = tiny_samples.take(rows)
    assert some.has_face.all()
    assert not some.blink.any()
    assert (some.has_angle | some.has_location).all()
    more = learnable(tiny_samples, no_face=True)
    assert set(rows) < set(more)


def test_shuffling_is_the_same_everywhere():
    assert shuffled(8, seed=1, epoch=2).tolist() == shuffled(8, seed=1, epoch=2).tolist()
    assert shuffled(8, seed=1, epoch=2).tolist() != shuffled(8, seed=1, epoch=3).tolist()


def test_decoded_pictures_are_kept_and_checked(opened, tiny_dataset, tmp_path):
    _, pictures = opened
    rows = np.array([41, 7, 0, 79])
    kept = cached(pictures, tiny_dataset, tmp_path / "cache", SIZES_PX)
    for name, size_px in SIZES_PX.items():
        wanted = pictures.read(rows, name, size_px)
        found = kept.read(rows, name, size_px)
        assert np.array_equal(found[0], wanted[0])
        assert np.array_equal(found[1], wanted[1])
    other = kept.read(rows, "driver", (20, 20))[0]
    assert other.shape == (4, 3, 20, 20)
    taken = kept.take(np.array([41, 0]))
    assert np.array_equal(
        taken.read(np.array([0]), "face", (28, 28))[0],
        pictures.read(np.array([41]), "face", (28, 28))[0],
    )
    files = sorted((tmp_path / "cache").rglob("*.npy"))
    assert len(files) == 2 * len(SIZES_PX)
    stamps = [each.stat().st_mtime_ns for each in files]
    broken = bytearray(files[0].read_bytes())
    broken[-1000] ^= 255
    files[0].write_bytes(broken)
    again = cached(pictures, tiny_dataset, tmp_path / "cache", SIZES_PX)
    for name, size_px in SIZES_PX.items():
        assert np.array_equal(
            again.read(rows, name, size_px)[0], pictures.read(rows, name, size_px)[0]
        )
    assert [each.stat().st_mtime_ns for each in files[1:]] == stamps[1:]
