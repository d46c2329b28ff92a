from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.observations import (
    DIRECTIONS,
    MISSING,
    REFUSALS,
    Observations,
    from_triangles,
    pack,
    to_triangles,
    unpack,
)
from dashgaze.alignment.sweep import RowResult
from dashgaze.alignment.turn_fit import TurnFit

FRAME = MapFrame(
    ego_matrix=np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]]),
    road_size_px=(1920, 1080),
)


def a_map(seed: int) -> Mapping:
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 1e-3, (8, 8))
    return Mapping(np.eye(3) + rng.normal(0, 0.05, (3, 3)), root @ root.T, FRAME)


def a_fit(seed: int) -> TurnFit:
    return TurnFit(
        mapping=a_map(seed), inlier_count=seed, inlier_probability=np.ones(3), sigma_px=0.1 * seed
    )


def direct(row: int, seed: int) -> RowResult:
    return RowResult(
        row=row, direct=a_map(seed), inlier_count=seed, match_count=2 * seed,
        sigma_px=0.5, deviation_px=3.0, spread_px=1.5, velocity_px_s=np.array([seed, -2.5]),
    )  # fmt: skip


def some() -> Observations:
    return Observations.collect(
        [
            direct(4, 101),
            RowResult(row=5, missing="ego_invalid"),
            RowResult(
                row=6,
                refusal="few_features",
                carried={"forward": a_fit(61), "backward": a_fit(62)},
            ),
            RowResult(row=7, refusal="off_course", carried={"backward": a_fit(71)}),
            direct(8, 102),
        ]
    )


def same(one: Observations, other: Observations) -> bool:
    pairs = [(getattr(one, f.name), getattr(other, f.name)) for f in fields(Observations)]
    for mine, its in pairs:
        np.testing.assert_array_equal(mine, its)
        assert mine.dtype == its.dtype
    return True


def test_results_become_arrays() -> None:
    seen = some()
    assert len(seen) == 5
    assert seen.row.tolist() == [4, 5, 6, 7, 8]
    assert seen.is_direct.tolist() == [True, False, False, False, True]
    assert [None if k < 0 else MISSING[k] for k in seen.missing] == [
        None, "ego_invalid", None, None, None,
    ]  # fmt: skip
    assert [None if k < 0 else REFUSALS[k] for k in seen.refusal] == [
        None, None, "few_features", "off_course", None,
    ]  # fmt: skip
    assert seen.match_count.tolist() == [202, 0, 0, 0, 204]
    assert np.isnan(seen.normal_map[1:4]).all()
    assert np.isnan(seen.covariance[1:4]).all()
    assert seen.velocity_px_s[[0, 4]].tolist() == [[101, -2.5], [102, -2.5]]
    assert np.isnan(seen.velocity_px_s[1:4]).all()
    assert np.isnan(seen.sigma_px).tolist() == [False, True, True, True, False]
    carried = {
        (int(row), DIRECTIONS[way]): int(count)
        for row, way, count in zip(
            seen.carried_row, seen.carried_direction, seen.carried_inlier_count, strict=True
        )
    }
    assert carried == {(6, "forward"): 61, (6, "backward"): 62, (7, "backward"): 71}
    assert seen.carried_sigma_px == pytest.approx([6.1, 6.2, 7.1])


def test_maps_come_back_out() -> None:
    seen = some()
    found = seen.direct_map(4, FRAME)
    assert found is not None
    assert found.normal_map.tolist() == a_map(102).normal_map.tolist()
    assert found.covariance == pytest.approx(a_map(102).covariance, rel=1e-15)
    assert seen.direct_map(1, FRAME) is None
    carried = unpack(seen.carried_map[1], seen.carried_covariance[1], FRAME)
    assert carried.normal_map.tolist() == a_map(62).normal_map.tolist()


def test_packing_and_unpacking() -> None:
    mapping = a_map(7)
    elements, triangle = pack(mapping)
    assert elements.shape == (9,)
    assert triangle.shape == (36,)
    again = unpack(elements, triangle, FRAME)
    assert again.normal_map.tolist() == mapping.normal_map.tolist()
    assert again.covariance == pytest.approx(mapping.covariance, rel=1e-15)


def test_triangles_are_rows_of_the_upper_half() -> None:
    full = from_triangles(np.arange(36.0)[None])[0]
    assert full[0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert full[1].tolist() == [1, 8, 9, 10, 11, 12, 13, 14]
    assert (full == full.T).all()
    assert to_triangles(full[None])[0].tolist() == list(range(36))
    assert from_triangles(np.zeros((0, 36))).shape == (0, 8, 8)


def test_saved_and_read(tmp_path: Path) -> None:
    some().save(tmp_path / "part.npz")
    again = Observations.load(tmp_path / "part.npz")
    assert again is not None
    assert same(again, some())
    assert [each.name for each in tmp_path.iterdir()] == ["part.npz"]


def test_nothing_is_saved_and_read(tmp_path: Path) -> None:
    nothing = Observations.collect([])
    assert len(nothing) == 0
    assert nothing.normal_map.shape == nothing.carried_map.shape == (0, 9)
    assert nothing.covariance.shape == nothing.carried_covariance.shape == (0, 36)
    nothing.save(tmp_path / "part.npz")
    again = Observations.load(tmp_path / "part.npz")
    assert again is not None
    assert same(again, nothing)


def test_nothing_carried_is_saved_and_read(tmp_path: Path) -> None:
    seen = Observations.collect([direct(0, 5), RowResult(row=1, missing="no_road_frame")])
    seen.save(tmp_path / "part.npz")
    again = Observations.load(tmp_path / "part.npz")
    assert again is not None
    assert same(again, seen)


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive", b"\x93NUMPY\x01\x00"])
def test_what_can_t_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "part.npz"
    assert Observations.load(path) is None
    path.write_bytes(content)
    assert Observations.load(path) is None


def test_a_file_of_another_version_is_none(tmp_path: Path) -> None:
    np.savez(tmp_path / "part.npz", row=np.arange(3))
    assert Observations.load(tmp_path / "part.npz") is None


def test_joining_stretches_side_by_side() -> None:
    first, second = some(), Observations.collect([direct(9, 5), direct(10, 6)])
    joined = Observations.join([first, second])
    assert joined.row.tolist() == [4, 5, 6, 7, 8, 9, 10]
    assert joined.inlier_count.tolist() == [101, 0, 0, 0, 102, 5, 6]
    assert joined.carried_row.tolist() == [6, 6, 7]
    assert same(Observations.join([first]), first)


def test_joining_with_an_empty_one() -> None:
    nothing = Observations.collect([])
    assert same(Observations.join([nothing, some(), nothing]), some())
    assert same(Observations.join([nothing, nothing]), nothing)


def test_of_rows_seen_twice_the_later_stretch_counts_with_what_either_carried() -> None:
    # the first stretch was to end at row 2, but went on to close its gap
    first = Observations.collect(
        [
            direct(0, 11),
            RowResult(row=1, refusal="no_consensus", carried={"forward": a_fit(1), "backward": a_fit(2)}),
            RowResult(row=2, refusal="no_consensus", carried={"forward": a_fit(3), "backward": a_fit(4)}),
            RowResult(row=3, refusal="few_inliers", carried={"forward": a_fit(5)}),
            direct(4, 12),
        ]
    )  # fmt: skip
    second = Observations.collect(
        [
            RowResult(row=3, refusal="no_consensus", carried={"forward": a_fit(6), "backward": a_fit(7)}),
            direct(4, 13),
            direct(5, 14),
        ]
    )  # fmt: skip
    joined = Observations.join([first, second])
    assert joined.row.tolist() == [0, 1, 2, 3, 4, 5]
    assert joined.inlier_count.tolist() == [11, 0, 0, 0, 13, 14]
    assert REFUSALS[joined.refusal[3]] == "no_consensus"
    found = {
        (int(row), DIRECTIONS[way]): int(count)
        for row, way, count in zip(
            joined.carried_row, joined.carried_direction, joined.carried_inlier_count, strict=True
        )
    }
    assert found == {
        (1, "forward"): 1, (1, "backward"): 2, (2, "forward"): 3, (2, "backward"): 4,
        (3, "forward"): 5, (3, "backward"): 7,
    }  # fmt: skip
    position = int(np.flatnonzero((joined.carried_row == 3) & (joined.carried_direction == 1))[0])
    assert joined.carried_map[position].tolist() == a_map(7).normal_map.ravel().tolist()


def test_rows_counted_from_elsewhere() -> None:
    moved = some().shifted(100)
    assert moved.row.tolist() == [104, 105, 106, 107, 108]
    assert moved.carried_row.tolist() == [106, 106, 107]
    assert same(moved.shifted(-100), some())


def test_a_noise_factor_is_one_of_variances() -> None:
    more = some().with_noise_factor(4.0)
    assert more.covariance[0] == pytest.approx(4 * some().covariance[0])
    assert more.carried_covariance == pytest.approx(4 * some().carried_covariance)
    assert more.normal_map[0].tolist() == some().normal_map[0].tolist()


def with_matches(result: RowResult, *numbers: float) -> RowResult:
    result.matches = np.outer(numbers, np.ones(5)).astype(np.float32)
    return result


def test_kept_matches_of_rows_that_two_stretches_saw() -> None:
    first = Observations.collect(
        [with_matches(direct(3, 1), 3.0, 3.1), with_matches(direct(4, 1), 4.0)]
    )
    second = Observations.collect(
        [RowResult(row=0, refusal="off_course"), with_matches(direct(1, 2), 5.0)]
    ).shifted(4)
    joined = Observations.join([first, second])
    assert joined.matched_row.tolist() == [3, 3, 5]
    assert joined.matched[:, 0] == pytest.approx([3.0, 3.1, 5.0])
    assert joined.matched.dtype == np.float32


def test_replaced_maps() -> None:
    seen = some()
    maps, carried = seen.normal_map + 1, seen.carried_map + 2
    other = seen.with_maps(maps, seen.covariance, carried, seen.carried_covariance)
    assert np.array_equal(other.normal_map, maps, equal_nan=True)
    assert np.array_equal(other.carried_map, carried)
    assert np.array_equal(other.inlier_count, seen.inlier_count)
