"""Sessions assigned to splits: what holds for every population."""

import random
import time
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dashgaze.collection.simulation.story.population import draw_population
from dashgaze.dataset.splits import SplitPlan, SplitSession, assign_splits, check_leakage
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import Split

TARGETS = {"train": 0.82, "validation": 0.10, "test": 0.08}


def study(
    seed: int, session_count: int = 33, driver_count: int | None = None
) -> list[SplitSession]:
    """The simulator's population: of 33 sessions one driver has six."""
    dice = random.Random(seed)
    return [
        SplitSession(
            session_id=planned.session_id,
            driver_id=planned.conditions.driver.driver_id,
            frame_count=dice.randrange(18_000, 36_000),
            lighting=planned.conditions.lighting,
            camera_position=planned.conditions.camera_position,
            eyewear=planned.conditions.eyewear,
            car=dice.choice("ABCDE"),
        )
        for planned in draw_population(session_count, driver_count, seed)
    ]


def drivers_of(sessions: list[SplitSession]) -> dict[str, str]:
    return {session.session_id: session.driver_id for session in sessions}


def frame_shares(sessions: list[SplitSession], splits: Mapping[str, str]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for session in sessions:
        counts[splits[session.session_id]] += session.frame_count
    return {split: counts[split] / counts.total() for split in TARGETS}


def alone(count: int, frames: int = 100) -> list[SplitSession]:
    return [
        SplitSession(session_id=f"s{number:03d}", driver_id=f"D{number:03d}", frame_count=frames)
        for number in range(count)
    ]


populations = st.lists(
    st.builds(
        lambda driver, frames, light, glasses, car: (driver, frames, light, glasses, car),
        st.integers(0, 17),
        st.integers(0, 40_000),
        st.sampled_from(["day", "twilight", "night", None]),
        st.sampled_from(["none", "glasses", None]),
        st.sampled_from(["A", "B", None]),
    ),
    min_size=1,
    max_size=24,
).map(
    lambda rows: [
        SplitSession(
            session_id=f"session_{number:03d}",
            driver_id=f"D{driver}",
            frame_count=frames,
            lighting=light,
            eyewear=glasses,
            car=car,
        )
        for number, (driver, frames, light, glasses, car) in enumerate(rows)
    ]
)


@given(populations, st.sampled_from(["82-10-8", "thesis-25-8", "leave-drivers-out-3"]))
@settings(max_examples=60, deadline=None)
def test_no_driver_is_ever_in_two_splits_and_every_session_is_in_one(
    sessions: list[SplitSession], protocol: str
) -> None:
    plan = assign_splits(sessions, protocol)
    assert sorted(plan.splits) == sorted(session.session_id for session in sessions)
    assert check_leakage(plan.splits, drivers_of(sessions)) == []


@given(populations, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_sessions_does_not_matter(
    sessions: list[SplitSession], dice: random.Random
) -> None:
    shuffled = list(sessions)
    dice.shuffle(shuffled)
    assert assign_splits(shuffled) == assign_splits(sessions)


@given(populations, populations)
@settings(max_examples=40, deadline=None)
def test_sessions_keep_their_split_when_others_are_added(
    sessions: list[SplitSession], more: list[SplitSession]
) -> None:
    before = assign_splits(sessions)
    added = [
        SplitSession(
            session_id=f"later_{session.session_id}",
            driver_id=session.driver_id.replace("D", "D1") if number % 2 else session.driver_id,
            frame_count=session.frame_count,
            lighting=session.lighting,
        )
        for number, session in enumerate(more)
    ]
    after = assign_splits([*added, *sessions], previous=before.splits)
    assert {name: after.splits[name] for name in before.splits} == before.splits
    assert check_leakage(after.splits, drivers_of(sessions + added)) == []


@given(populations)
@settings(max_examples=80, deadline=None)
def test_shares_miss_their_targets_by_no_more_than_the_largest_driver_allows(
    sessions: list[SplitSession],
) -> None:
    """One driver's length, where nobody is larger than a split; a driver may have to fill each split else."""
    total = sum(session.frame_count for session in sessions)
    per_driver: Counter[str] = Counter()
    for session in sessions:
        per_driver[session.driver_id] += session.frame_count
    assume(total > 0)
    largest = max(per_driver.values()) / total
    shares = frame_shares(sessions, assign_splits(sessions).splits)
    bound = largest if largest <= min(TARGETS.values()) else 3 * largest
    for split, target in TARGETS.items():
        assert abs(shares[split] - target) <= bound + 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_many_equal_drivers_come_within_one_of_their_targets(seed: int) -> None:
    dice = random.Random(seed)
    sessions = [
        SplitSession(
            session_id=f"s{number:03d}",
            driver_id=f"D{number:03d}",
            frame_count=1000,
            lighting=dice.choice(["day", "night"]),
        )
        for number in range(100)
    ]
    counts = Counter(assign_splits(sessions).splits.values())
    assert counts["train"] == pytest.approx(82, abs=1)
    assert counts["validation"] == pytest.approx(10, abs=1)
    assert counts["test"] == pytest.approx(8, abs=1)


@pytest.mark.parametrize("seed", range(4))
def test_the_study_comes_near_its_targets_and_its_driver_of_six_sessions_is_in_one_split(
    seed: int,
) -> None:
    sessions = study(seed)
    plan = assign_splits(sessions)
    shares = frame_shares(sessions, plan.splits)
    for split, target in TARGETS.items():
        assert shares[split] == pytest.approx(target, abs=0.015)
    six = [name for name, driver in drivers_of(sessions).items() if driver == "D001"]
    assert len(six) == 6
    assert {plan.splits[name] for name in six} == {"train"}


def test_strata_come_nearer_to_their_targets_than_by_chance() -> None:
    """Root mean square over the strata, beside drivers laid out at random."""
    ours, chance = [], []
    for seed in range(4):
        sessions = study(seed)
        targets: dict[Split, float] = {"train": 0.82, "validation": 0.10, "test": 0.08}
        ours.append(_strata(assign_splits(sessions)))
        names = sorted(set(drivers_of(sessions).values()))
        for turn in range(10):
            dice = random.Random(100 * seed + turn)
            picked = {
                name: dice.choices(list(targets), list(targets.values()))[0] for name in names
            }
            splits = {session.session_id: picked[session.driver_id] for session in sessions}
            fixed = assign_splits(sessions, previous=splits)
            assert fixed.splits == splits
            chance.append(_strata(fixed))
    assert sum(ours) / len(ours) < 0.7 * sum(chance) / len(chance)


def _strata(plan: SplitPlan) -> float:
    squares = [
        holding.deviation**2
        for holding in plan.balance
        if holding.level is not None and holding.deviation is not None
    ]
    return float((sum(squares) / len(squares)) ** 0.5)


@pytest.mark.parametrize("seed", range(4))
def test_thesis_split_has_25_and_8_of_33_sessions(seed: int) -> None:
    sessions = study(seed)
    plan = assign_splits(sessions, "thesis-25-8")
    assert Counter(plan.splits.values()) == {"train": 25, "test": 8}
    assert plan.protocol == "thesis-25-8"
    assert {holding.split for holding in plan.balance} == {"train", "test"}


@pytest.mark.parametrize(("count", "tested"), [(66, 16), (100, 24), (10, 2), (4, 1)])
def test_thesis_split_keeps_its_proportion_for_other_numbers(count: int, tested: int) -> None:
    plan = assign_splits(alone(count), "thesis-25-8")
    assert Counter(plan.splits.values())["test"] == tested


def test_thesis_split_counts_sessions_not_frames() -> None:
    sessions = [
        SplitSession(session_id=f"s{n:02d}", driver_id=f"D{n:02d}", frame_count=10**n)
        for n in range(11)
    ]
    plan = assign_splits([*sessions, *alone(22)], "thesis-25-8")
    assert Counter(plan.splits.values()) == {"train": 25, "test": 8}


def test_new_sessions_of_a_known_driver_follow_the_driver() -> None:
    sessions = study(0)
    before = assign_splits(sessions).splits
    tested = next(s for s in sessions if before[s.session_id] == "test")
    more = [
        SplitSession(session_id=f"more_{n}", driver_id=tested.driver_id, frame_count=30_000)
        for n in range(20)
    ]
    after = assign_splits(sessions + more, previous=before)
    assert {after.splits[session.session_id] for session in more} == {"test"}
    assert any("The split test holds" in note for note in after.notes)


def test_new_drivers_go_where_they_bring_the_shares_nearest() -> None:
    sessions = alone(10)
    before: dict[str, Split] = {session.session_id: "train" for session in sessions[:8]}
    plan = assign_splits(sessions, previous=before)
    assert {plan.splits["s008"], plan.splits["s009"]} == {"validation", "test"}


def test_a_session_that_is_gone_does_not_matter() -> None:
    before: dict[str, Split] = {"s000": "test", "gone": "train"}
    plan = assign_splits(alone(5), previous=before)
    assert plan.splits["s000"] == "test"
    assert "gone" not in plan.splits


@pytest.mark.parametrize(
    ("previous", "protocol", "message"),
    [
        (
            {"a": "train", "b": "test"},
            "82-10-8",
            r"more than one split\. Driver D1 is in test \(b\)",
        ),
        ({"a": "dev"}, "82-10-8", "no valid split for a"),
        ({"a": "validation"}, "thesis-25-8", "thesis-25-8 has no validation.* put a"),
    ],
)
def test_an_earlier_plan_that_cannot_be_kept_is_refused(
    previous: dict[str, Split], protocol: str, message: str
) -> None:
    sessions = [SplitSession(session_id=name, driver_id="D1", frame_count=5) for name in "ab"]
    with pytest.raises(InputError, match=message):
        assign_splits(sessions, protocol, previous=previous)


@pytest.mark.parametrize(
    ("count", "filled", "note"),
    [
        (1, {"train"}, r"Nothing is in validation and test: 1 driver can't be in 3 splits"),
        (2, {"train", "test"}, r"Nothing is in validation: 2 drivers can't be in 3 splits"),
        (3, {"train", "validation", "test"}, r"The split test has 1 driver: "),
    ],
)
def test_few_drivers_fill_what_they_can_and_a_note_says_so(
    count: int, filled: set[str], note: str
) -> None:
    plan = assign_splits(alone(count))
    assert set(plan.splits.values()) == filled
    assert any(note in said for said in plan.notes)


def test_a_driver_larger_than_any_split_is_noted() -> None:
    sessions = [
        *(SplitSession(session_id=f"a{n}", driver_id="D1", frame_count=900) for n in range(10)),
        *alone(10),
    ]
    plan = assign_splits(sessions)
    assert any("Driver D1 has 90% of the frames" in note for note in plan.notes)
    assert {plan.splits[f"a{n}"] for n in range(10)} == {"train"}


def test_a_stratum_that_a_split_lacks_is_noted() -> None:
    sessions = [
        SplitSession(
            session_id=f"s{n}",
            driver_id=f"D{n}",
            frame_count=100,
            eyewear="glasses" if n == 0 else "none",
        )
        for n in range(30)
    ]
    plan = assign_splits(sessions)
    assert (
        sum("no frames with eyewear glasses (100 frames elsewhere)" in n for n in plan.notes) == 2
    )


def test_drivers_that_differ_only_in_capitals_are_noted() -> None:
    sessions = [SplitSession(session_id=d, driver_id=d, frame_count=1) for d in ("D1", "d1", "D2")]
    assert any("D1 and d1 differ only in capitals" in n for n in assign_splits(sessions).notes)


def test_sessions_without_a_frame_are_divided_by_number() -> None:
    plan = assign_splits(alone(50, frames=0))
    assert Counter(plan.splits.values()) == {"train": 41, "validation": 5, "test": 4}


@pytest.mark.parametrize(
    ("sessions", "message"),
    [
        ([], "no session to assign"),
        ([*alone(2), *alone(1)], "stand twice: s000"),
        ([SplitSession(session_id="a", driver_id="", frame_count=1)], "Session a has no driver"),
        ([SplitSession(session_id="a", driver_id="D", frame_count=-1)], "has -1 frames"),
    ],
)
def test_what_cannot_be_assigned_is_refused(sessions: list[SplitSession], message: str) -> None:
    with pytest.raises(InputError, match=message):
        assign_splits(sessions)


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        ("82-10-9", r"no split protocol '82-10-9'\. Did you mean 82-10-8\?"),
        ("thesis", r"Did you mean thesis-25-8\?"),
        ("leave-driver-out-5", r"Did you mean leave-drivers-out-5\?"),
        ("leave-drivers-out-1", r"asks for 1 fold; expected two or more"),
        ("zzz", r"no split protocol 'zzz'\. Give 82-10-8"),
    ],
)
def test_an_unknown_protocol_is_refused_with_the_nearest_name(protocol: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        assign_splits(alone(3), protocol)


def test_ten_thousand_sessions_take_seconds() -> None:
    sessions = study(0, 10_000, 3_000)
    began = time.process_time()
    plan = assign_splits(sessions)
    assert time.process_time() - began < 20
    shares = frame_shares(sessions, plan.splits)
    assert all(abs(shares[split] - target) < 1e-3 for split, target in TARGETS.items())
