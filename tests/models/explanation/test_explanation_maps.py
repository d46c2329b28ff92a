"""Maps of networks whose attention was planted."""

import numpy as np
import pytest
import torch

from dashgaze.models.explanation.accumulation import density_normalised
from dashgaze.models.explanation.branch_cache import BranchCache
from dashgaze.models.explanation.branch_drop import branch_drops
from dashgaze.models.explanation.canonical import face_effects
from dashgaze.models.explanation.chosen_frames import choose_rows, rows_of
from dashgaze.models.explanation.covering import filled, grid_windows, windows_around
from dashgaze.models.explanation.face_regions import region_shares
from dashgaze.models.explanation.face_surface import face_surface, frontal_px_from_mm
from dashgaze.models.explanation.faithfulness import faithfulness
from dashgaze.models.explanation.findings import in_numbers
from dashgaze.models.explanation.investigation import investigate
from dashgaze.models.explanation.judgement import in_words, warnings_of
from dashgaze.models.explanation.model_saliency import convergence, model_map
from dashgaze.models.explanation.occlusion import occlusion_maps
from dashgaze.models.explanation.options import ExplainOptions
from dashgaze.models.explanation.randomisation import (
    layers_seeing,
    learned,
    randomised_maps,
    shuffled,
    structural_similarity,
)
from dashgaze.models.explanation.shortcut import shortcut_shares
from dashgaze.progress import silent

LEFT_EYE_MM = np.array([-31.5, 0.0])


@pytest.mark.parametrize("head", ["location", "angle"])
def test_a_network_that_reads_the_left_eye_has_its_map_there(maps, head) -> None:
    found = model_map(maps.maps[head], maps.sessions)
    y, x = np.unravel_index(np.nanargmax(found.mean), found.mean.shape)
    eye = frontal_px_from_mm(LEFT_EYE_MM)
    assert np.hypot(x - eye[0], y - eye[1]) < 12
    rows, columns = np.mgrid[: found.mean.shape[0], : found.mean.shape[1]]
    near = np.hypot(columns - eye[0], rows - eye[1]) < 30
    assert np.nansum(found.mean[near]) / np.nansum(found.mean) > 0.9
    assert region_shares(found.mean)["right_eye"]["share"] < 0.02
    assert maps.left_out == 0


def test_a_network_that_sees_nothing_is_refused_not_drawn(planted, red_eye) -> None:
    frames = planted.make_frames(red_eye, count=4, red=False)
    options = ExplainOptions(every=8, driver_frames=2, sanity_frames=2)
    found = investigate(red_eye, frames, options, progress=silent)
    for each in found.inputs["face"].values():
        assert each.map is None
        assert each.refusal.startswith("No effect")
    assert all(each.outside is None for each in found.shortcuts.values())
    warnings = warnings_of(found, sessions=2)
    assert sum("No effect" in text for text in warnings) == 2
    assert any("2 sessions" in text for text in warnings)


def test_shuffled_weights_lose_the_map(red_eye, frames) -> None:
    steps = randomised_maps(
        red_eye, frames.take(np.arange(3)), face_surface(), "face", seed=1, every=4
    )["location"]
    # The last layer alone scales the map; the layer that knows red loses it.
    assert steps[0].layers == 1
    assert steps[0].rank_correlation > 0.99
    assert steps[-1].share == 1.0
    assert steps[-1].rank_correlation < 0.3
    assert steps[-1].ssim < steps[0].ssim
    assert learned(steps)


def test_a_map_of_contrasts_does_not_pass_for_learned(red_eye, frames) -> None:
    with torch.no_grad():
        # Whatever the order of these weights, the network sees the same.
        red_eye.face.colour.weight.fill_(0.1)
    steps = randomised_maps(
        red_eye, frames.take(np.arange(3)), face_surface(), "face", seed=1, every=4
    )["location"]
    assert not learned(steps)


def test_only_layers_on_the_way_are_shuffled(red_eye, frames) -> None:
    assert layers_seeing(red_eye, frames, ["face"]) == ["face.colour", "head"]
    before = {name: each.clone() for name, each in red_eye.state_dict().items()}
    other = shuffled(red_eye, ["head"], seed=3).state_dict()
    assert all(torch.equal(before[name], each) for name, each in red_eye.state_dict().items())
    assert torch.equal(other["face.colour.weight"], before["face.colour.weight"])
    assert not torch.equal(other["head.weight"], before["head.weight"])
    assert torch.equal(
        other["head.weight"].flatten().sort()[0], before["head.weight"].flatten().sort()[0]
    )


def test_what_the_map_calls_salient_moves_the_answer(red_eye, frames, maps) -> None:
    whole = {head: (model_map(each, maps.sessions).mean,) * 2 for head, each in maps.maps.items()}
    found = faithfulness(red_eye, frames, face_surface(), "face", whole, seed=0)["location"]
    assert found.win_share > 0.9
    assert found.gain.low > 0
    assert found.curves.deletion[0] > 0.9 * found.curves.deletion[-1]
    assert found.curves.deletion[-1] == pytest.approx(found.curves.random_deletion[-1])
    assert found.curves.insertion[-1] == pytest.approx(0, abs=1e-3)


def test_a_wrong_map_is_not_faithful(red_eye, frames, maps) -> None:
    upside_down = {
        head: (model_map(-each, maps.sessions).mean,) * 2 for head, each in maps.maps.items()
    }
    found = faithfulness(red_eye, frames, face_surface(), "face", upside_down, seed=0)["location"]
    assert found.gain.mean < 0
    assert found.win_share < 0.5


def test_more_frames_make_halves_alike(maps) -> None:
    curve = convergence(maps.maps["location"], seed=0)
    assert [count for count, _ in curve] == [1, 2, 4]
    assert curve[-1][1] > 0.9
    assert convergence(maps.maps["location"], seed=0) == curve


def test_the_standard_error_is_that_of_session_means() -> None:
    values = np.array([1.0, 3.0, 5.0, 5.0, 9.0, 13.0], np.float32)
    sessions = np.array(["a", "a", "b", "b", "c", "c"])
    found = model_map(np.tile(values[:, None, None], (1, 2, 2)), sessions)
    means = np.array([2.0, 5.0, 11.0])
    assert np.allclose(found.mean, means.mean())
    assert np.allclose(found.standard_error, means.std(ddof=1) / np.sqrt(3))
    assert (found.frames, found.sessions) == (6, 3)


def test_a_place_counts_in_the_frames_that_show_it() -> None:
    maps = np.full((4, 1, 3), 2.0, np.float32)
    maps[:2, 0, 1] = np.nan
    maps[:, 0, 2] = np.nan
    found = model_map(maps, np.array(["a", "a", "a", "a"])).mean
    assert np.allclose(found[0, :2], 2.0)
    assert np.isnan(found[0, 2])


def test_density_is_normalised() -> None:
    windows = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [1, 0, 3, 2]])
    found = density_normalised(windows, np.array([4.0, 1.0, 1.0]), (4, 2))
    assert np.allclose(found[:, :3], [[4, 2, 1], [4, 2, 1]])
    assert np.isnan(found[:, 3]).all()


def test_windows_lie_around_points_and_cover_the_picture() -> None:
    windows = windows_around(np.array([[5.0, 5.0], [0.0, 9.2], [-1.0, 3.0]]), (3, 3), (10, 10))
    assert windows.tolist() == [[4, 4, 7, 7], [0, 8, 2, 10], [0, 2, 0, 2]]
    grid = grid_windows(5, 4, (12, 9))
    covered = np.zeros((9, 12), bool)
    for left, top, right, bottom in grid:
        covered[top:bottom, left:right] = True
    assert covered.all()
    assert grid.max(axis=0).tolist()[2:] == [12, 9]


def test_fills_hide_what_was_there() -> None:
    picture = torch.zeros(3, 20, 20, dtype=torch.uint8)
    picture[:, 10, 10] = 200
    assert int(filled(picture, "zero", 5).max()) == 0
    assert int(filled(picture, "mean", 5).max()) == 0
    assert int(filled(picture, "blur", 5).max()) < 20


def test_branches_that_see_no_change_are_computed_once(red_eye, frames) -> None:
    frame = rows_of(frames.batch, np.array([0]))
    red_eye.face.calls = red_eye.driver.calls = 0
    cache = BranchCache(red_eye, frame)
    assert set(cache.cached) == {"face", "driver"}
    versions = rows_of(frame, np.zeros(5, np.int64))
    versions.pictures["face"][3] = 120
    answer = cache.answer(versions, ["face"])
    assert (red_eye.face.calls, red_eye.driver.calls) == (6, 1)
    with torch.no_grad():
        whole = red_eye(versions)
    assert torch.equal(answer.xy, whole.xy)
    # The network is as it was.
    assert red_eye.driver.calls == 6


def test_covering_one_picture_equals_covering_all_where_only_one_is_read(red_eye, frames) -> None:
    one, all_of_them = (
        face_effects(red_eye, frames, 0, face_surface(), name, every=9) for name in ("face", "all")
    )
    common = np.intersect1d(one.points, all_of_them.points)
    assert len(common) > 20
    for effects in (one, all_of_them):
        eye = np.hypot(*(face_surface().points_mm[effects.points, :2] - LEFT_EYE_MM).T) < 15
        assert effects.moved["location"][eye].max() == effects.moved["location"].max()


def test_taking_an_unused_input_away_changes_nothing(red_eye, frames) -> None:
    drops = {
        (each.name, each.way, each.head): each for each in branch_drops(red_eye, frames, seed=0)
    }
    assert drops["driver", "zero", "location"].moved.mean == 0
    assert drops["landmarks", "permuted", "angle"].moved.mean == 0
    gone = drops["face", "zero", "location"]
    assert gone.moved.mean > 10
    assert gone.moved.sessions == 2
    assert gone.moved.low <= gone.moved.mean <= gone.moved.high


def test_a_network_that_reads_the_seat_is_told_from_one_that_reads_the_face(
    red_eye, frames
) -> None:
    with torch.no_grad():
        red_eye.driver.colour.weight.copy_(torch.tensor([1.0, -1.0, -1.0]))
    size = red_eye.picture_sizes_px["driver"]
    face = shortcut_shares(frames, occlusion_maps(red_eye, frames, "driver"), size)["location"]
    assert face.outside.mean < 0.2
    assert face.area_outside.mean > 0.6
    frames.batch.pictures["driver"][:] = 120
    frames.batch.pictures["driver"][:, 0, :6, :6] = 250
    frames.batch.pictures["driver"][:, 1:, :6, :6] = 20
    seat = shortcut_shares(frames, occlusion_maps(red_eye, frames, "driver"), size)["location"]
    assert seat.outside.mean > 0.95


def test_structural_similarity_of_a_map_with_itself_is_one() -> None:
    random = np.random.default_rng(0)
    one = random.uniform(0, 1, (40, 40))
    assert structural_similarity(one, 3 * one) == pytest.approx(1)
    assert structural_similarity(one, random.uniform(0, 1, (40, 40))) < 0.5
    assert structural_similarity(one, np.zeros((40, 40))) is None


def test_frames_are_taken_evenly_from_sessions(planted) -> None:
    samples = planted.make_samples(20, sessions=4)
    rows = choose_rows(samples, 8)
    assert len(rows) == 8
    names, counts = np.unique(samples.session_id[rows], return_counts=True)
    assert len(names) == 4
    assert set(counts.tolist()) == {2}


def test_the_same_seed_gives_the_same_findings(red_eye, frames) -> None:
    options = ExplainOptions(every=12, driver_frames=1, sanity_frames=1, seed=4)
    some = frames.take(np.array([0, 1, 4, 5]))
    one, other = (investigate(red_eye, some, options, progress=silent) for _ in range(2))
    assert in_numbers(one) == in_numbers(other)
    assert one.inputs["face"]["location"].faithful is not None
    assert "hangs most on the driver's left eye" in in_words(one.inputs["face"]["angle"], "angle")
