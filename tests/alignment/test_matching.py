import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashgaze.alignment.matching import (
    MAX_DISTANCE_BITS,
    MAX_RATIO,
    MAX_RATIO_GATED,
    Matches,
    match_descriptors,
    match_near,
)


def descriptors(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.integers(0, 2**64, (count, 4), dtype=np.uint64)


def flipped(rng: np.random.Generator, of: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Change so many bits of each descriptor."""
    all_bits = np.unpackbits(of.view(np.uint8).reshape(len(of), 32), axis=1)
    for row, count in zip(all_bits, bits, strict=True):
        row[rng.choice(256, count, replace=False)] ^= 1
    return np.packbits(all_bits, axis=1).view(np.uint64).reshape(-1, 4)


def distances(query: np.ndarray, train: np.ndarray) -> np.ndarray:
    return np.bitwise_count(query[:, None] ^ train[None]).sum(axis=2).astype(int)


def brute_force(table: np.ndarray, allowed: np.ndarray, bits: int, ratio: float) -> dict:
    """Pairs that are each other's best among the allowed ones, and their distance."""
    table = np.where(allowed, table, 10_000)
    found = {}
    for i, row in enumerate(table):
        j = int(np.argmin(row))
        second = np.min(np.delete(row, j), initial=10_000)
        mutual = int(np.argmin(table[:, j])) == i
        if allowed[i, j] and mutual and row[j] <= bits and row[j] < ratio * second:
            found[i] = (j, int(row[j]))
    return found


def as_dict(matches: Matches) -> dict:
    return {
        int(q): (int(t), int(d))
        for q, t, d in zip(matches.query, matches.train, matches.distance_bits, strict=True)
    }


def two_views(seed: int, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Half of the queries are seen again with 0 … 100 bits changed, some of them twice."""
    rng = np.random.default_rng(seed)
    query = descriptors(rng, count)
    seen = rng.permutation(count)[: count // 2]
    again = flipped(rng, query[seen], rng.integers(0, 101, len(seen)))
    twice = flipped(rng, again[:40], rng.integers(0, 30, 40))
    train = np.concatenate([again, twice, descriptors(rng, count // 2)])
    return query, train[rng.permutation(len(train))]


@pytest.mark.parametrize("seed", range(4))
def test_all_pairs_are_those_of_opencv_s_cross_check_and_the_ratio(seed: int) -> None:
    query, train = two_views(seed)
    table = distances(query, train)
    checked = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(
        query.view(np.uint8), train.view(np.uint8)
    )
    expected = {
        m.queryIdx: (m.trainIdx, int(m.distance))
        for m in checked
        if m.distance <= MAX_DISTANCE_BITS
        and m.distance < MAX_RATIO * np.partition(table[m.queryIdx], 1)[1]
    }
    found = as_dict(match_descriptors(query, train))
    assert found == expected
    assert 80 < len(found) < 130  # of 150; the rest is too far, or there twice


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(0, 40),
    m=st.integers(0, 40),
    bits=st.integers(0, 256),
    ratio=st.floats(0.3, 1.0),
)
@settings(deadline=None, max_examples=60)
def test_all_pairs_are_what_a_search_finds(
    seed: int, n: int, m: int, bits: int, ratio: float
) -> None:
    rng = np.random.default_rng(seed)
    # few different bits, so that equal distances are many
    query, train = (
        rng.integers(0, 2, (count, 4), dtype=np.uint64) * np.uint64(0b1011) for count in (n, m)
    )
    found = match_descriptors(query, train, max_distance_bits=bits, max_ratio=ratio)
    table = distances(query, train)
    expected = brute_force(table, np.ones(table.shape, bool), bits, ratio) if n and m else {}
    assert as_dict(found) == expected


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(0, 30),
    m=st.integers(0, 30),
    radius=st.integers(0, 6),
    ratio=st.floats(0.3, 1.0),
)
@settings(deadline=None, max_examples=60)
def test_near_is_what_a_search_finds(seed: int, n: int, m: int, radius: int, ratio: float) -> None:
    rng = np.random.default_rng(seed)
    # few different bits and places, so that equal distances and full gates are many
    query, train = (
        rng.integers(0, 2, (count, 4), dtype=np.uint64) * np.uint64(0b1011) for count in (n, m)
    )
    predicted, places = (rng.integers(0, 6, (count, 2)).astype(float) for count in (n, m))
    found = match_near(query, predicted, train, places, radius_px=radius, max_ratio=ratio)
    near = np.abs(predicted[:, None] - places[None]).max(axis=2) <= radius
    table = distances(query, train)
    expected = brute_force(table, near, MAX_DISTANCE_BITS, ratio) if n and m else {}
    assert as_dict(found) == expected


@pytest.mark.parametrize(("seed", "radius_px"), [(0, 40.0), (1, 15.5), (2, 120.0), (3, 5000.0)])
def test_near_is_what_a_search_among_the_near_finds(seed: int, radius_px: float) -> None:
    rng = np.random.default_rng(seed)
    query = descriptors(rng, 250)
    train = flipped(rng, query[rng.permutation(250)], rng.integers(0, 101, 250))
    origin = np.argmin(distances(train, query), axis=1)
    predicted = rng.uniform(0, 600, (250, 2))
    predicted[::17] = np.nan
    predicted[3] = np.inf
    train_px = np.where(
        rng.random((250, 1)) < 0.8,
        np.nan_to_num(predicted[origin], nan=0, posinf=0) + rng.uniform(-50, 50, (250, 2)),
        rng.uniform(0, 600, (250, 2)),
    )
    with np.errstate(invalid="ignore"):
        apart = np.abs(predicted[:, None] - train_px[None]).max(axis=2)
    near = np.isfinite(apart) & (apart <= radius_px)
    expected = brute_force(distances(query, train), near, MAX_DISTANCE_BITS, MAX_RATIO_GATED)
    found = match_near(query, predicted, train, train_px, radius_px=radius_px)
    assert as_dict(found) == expected
    assert len(found) > 15
    gap = np.abs(predicted[found.query] - train_px[found.train])
    assert gap.max() <= radius_px


def test_the_gate_is_a_square_with_its_edge() -> None:
    one = np.zeros((1, 4), dtype=np.uint64)
    for place, seen in (([110, 110], 1), ([110.01, 100], 0), ([100, 89.99], 0), ([90, 100], 1)):
        found = match_near(
            one, np.array([[100.0, 100]]), one, np.array([place], dtype=float), radius_px=10
        )
        assert len(found) == seen


def test_a_rival_outside_of_the_gate_doesn_t_count() -> None:
    rng = np.random.default_rng(0)
    query = descriptors(rng, 1)
    train = flipped(rng, np.repeat(query, 2, axis=0), np.array([20, 20]))
    places = np.array([[0.0, 0], [300, 0]])
    assert len(match_descriptors(query, train)) == 0
    found = match_near(query, places[1:], train, places, radius_px=50)
    assert as_dict(found) == {0: (1, 20)}


def test_of_equally_near_trains_none_is_taken() -> None:
    query = np.zeros((1, 4), dtype=np.uint64)
    train = np.zeros((2, 4), dtype=np.uint64)
    place = np.zeros((2, 2))
    assert len(match_descriptors(query, train)) == 0
    assert len(match_near(query, place[:1], train, place, radius_px=5)) == 0
    # a single one has no rival
    assert as_dict(match_descriptors(query, train[:1])) == {0: (0, 0)}


def test_of_equally_near_queries_the_first_is_taken() -> None:
    query = np.zeros((3, 4), dtype=np.uint64)
    place = np.zeros((3, 2))
    assert as_dict(match_descriptors(query, query[:1])) == {0: (0, 0)}
    assert as_dict(match_near(query, place, query[:1], place[:1], radius_px=5)) == {0: (0, 0)}


def test_limits_of_distance_and_ratio() -> None:
    rng = np.random.default_rng(0)
    query = descriptors(rng, 1)
    for bits, seen in ((80, 1), (81, 0)):
        assert len(match_descriptors(query, flipped(rng, query, np.array([bits])))) == seen
    # 34 / 40 is 0.85, which is not less
    for bits, seen in ((33, 1), (34, 0)):
        train = flipped(rng, np.repeat(query, 2, axis=0), np.array([40, bits]))
        assert len(match_descriptors(query, train)) == seen


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 5), (5, 0)])
def test_nothing_to_match(n: int, m: int) -> None:
    query, train = np.zeros((n, 4), np.uint64), np.zeros((m, 4), np.uint64)
    near = match_near(query, np.zeros((n, 2)), train, np.zeros((m, 2)), radius_px=5)
    for found in (match_descriptors(query, train), near):
        assert len(found) == len(found.query) == len(found.train) == len(found.distance_bits) == 0


def test_nowhere_expected() -> None:
    query = np.zeros((4, 4), dtype=np.uint64)
    found = match_near(query, np.full((4, 2), np.nan), query, np.zeros((4, 2)), radius_px=1e9)
    assert len(found) == 0


def test_best_keeps_the_nearest_in_their_order() -> None:
    matches = Matches(
        query=np.arange(5),
        train=np.array([7, 3, 9, 1, 4]),
        distance_bits=np.array([30, 10, 20, 10, 20], dtype=np.int32),
    )
    best = matches.best(3)
    # of the two at 20 bits the first
    assert as_dict(best) == {1: (3, 10), 2: (9, 20), 3: (1, 10)}
    assert best.query.tolist() == [1, 2, 3]
    assert matches.best(5) is matches
    assert len(matches.best(0)) == 0
