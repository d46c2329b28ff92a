"""Folds: each driver is left out once, and stays where it was."""

import random
from collections import Counter

import pytest

from dashgaze.dataset.splits import SplitPlan, SplitSession, assign_splits, check_fold_leakage
from dashgaze.errors import InputError


def drawn(count: int, driver_count: int, *, start: int = 0, seed: int = 0) -> list[SplitSession]:
    dice = random.Random(seed)
    return [
        SplitSession(
            session_id=f"s{start + number:03d}",
            driver_id=f"D{(start + number) % driver_count:03d}",
            frame_count=dice.randrange(10_000, 40_000),
            lighting=dice.choice(["day", "night"]),
        )
        for number in range(count)
    ]


def drivers_of(sessions: list[SplitSession]) -> dict[str, str]:
    return {session.session_id: session.driver_id for session in sessions}


def folds_of_drivers(plan: SplitPlan, sessions: list[SplitSession]) -> dict[str, list[str]]:
    """Give the folds that each driver is tested in."""
    drivers = drivers_of(sessions)
    where: dict[str, set[str]] = {}
    for name, parts in plan.folds.items():
        for session in parts["test"]:
            where.setdefault(drivers[session], set()).add(name)
    return {driver: sorted(names) for driver, names in where.items()}


@pytest.mark.parametrize("fold_count", [2, 5])
@pytest.mark.parametrize("driver_count", [6, 17])
def test_each_driver_is_tested_in_exactly_one_fold(fold_count: int, driver_count: int) -> None:
    sessions = drawn(20, driver_count)
    plan = assign_splits(sessions, f"leave-drivers-out-{fold_count}")
    assert len(plan.folds) == fold_count
    assert {len(names) for names in folds_of_drivers(plan, sessions).values()} == {1}
    assert len(folds_of_drivers(plan, sessions)) == driver_count
    assert check_fold_leakage(plan.folds, drivers_of(sessions)) == []
    for parts in plan.folds.values():
        listed = [session for sessions_of in parts.values() for session in sessions_of]
        assert sorted(listed) == sorted(drivers_of(sessions))
        assert set(parts) == {"train", "validation", "test"}


def test_folds_are_of_about_the_same_size_and_so_are_their_validations() -> None:
    sessions = drawn(120, 60)
    frames = {session.session_id: session.frame_count for session in sessions}
    total = sum(frames.values())
    plan = assign_splits(sessions, "leave-drivers-out-5")
    for parts in plan.folds.values():
        shares = {split: sum(frames[name] for name in ids) / total for split, ids in parts.items()}
        assert shares["test"] == pytest.approx(0.2, abs=0.01)
        assert shares["validation"] == pytest.approx(0.8 * 10 / 92, abs=0.01)


def test_the_split_itself_is_that_of_82_10_8_and_five_folds_are_the_default() -> None:
    sessions = drawn(12, 9)
    plan = assign_splits(sessions, "leave-drivers-out")
    assert plan.protocol == "leave-drivers-out-5"
    assert list(plan.folds) == ["fold_1", "fold_2", "fold_3", "fold_4", "fold_5"]
    assert plan.splits == assign_splits(sessions).splits
    assert plan == assign_splits(sessions[::-1], "leave-drivers-out-5")


def test_names_of_folds_sort_as_their_numbers_do() -> None:
    names = list(assign_splits(drawn(12, 12), "leave-drivers-out-12").folds)
    assert names == sorted(names)
    assert (names[0], names[-1]) == ("fold_01", "fold_12")


def test_with_fewer_drivers_than_folds_each_is_left_out_alone_and_a_note_says_so() -> None:
    sessions = drawn(6, 3)
    plan = assign_splits(sessions, "leave-drivers-out-5")
    assert list(plan.folds) == ["fold_1", "fold_2", "fold_3"]
    assert Counter(len(parts["test"]) for parts in plan.folds.values()) == {2: 3}
    assert any("leave-drivers-out-5 has 3 folds" in note for note in plan.notes)


def test_of_two_drivers_one_trains_and_one_is_tested() -> None:
    plan = assign_splits(drawn(2, 2), "leave-drivers-out-2")
    assert sorted(map(sorted, (parts.items() for parts in plan.folds.values()))) == [
        [("test", ["s000"]), ("train", ["s001"])],
        [("test", ["s001"]), ("train", ["s000"])],
    ]


def test_one_driver_makes_no_folds_and_a_note_says_so() -> None:
    plan = assign_splits(drawn(3, 1), "leave-drivers-out-5")
    assert plan.folds == {}
    assert any("no folds: there is one driver, D000" in note for note in plan.notes)


def test_drivers_stay_in_their_folds_when_others_are_added() -> None:
    sessions = drawn(15, 15)
    before = assign_splits(sessions, "leave-drivers-out-4")
    more = sessions + drawn(15, 30, start=15, seed=1) + drawn(3, 15, start=30, seed=2)
    after = assign_splits(
        more, "leave-drivers-out-4", previous=before.splits, previous_folds=before.folds
    )
    for name, parts in before.folds.items():
        for split, listed in parts.items():
            assert set(listed) <= set(after.folds[name][split])
    assert {len(names) for names in folds_of_drivers(after, more).values()} == {1}
    assert check_fold_leakage(after.folds, drivers_of(more)) == []


def test_folds_that_wanted_drivers_are_filled_when_those_come() -> None:
    few, more = drawn(3, 3), drawn(9, 9)
    before = assign_splits(few, "leave-drivers-out-5")
    after = assign_splits(more, "leave-drivers-out-5", previous_folds=before.folds)
    assert len(after.folds) == 5
    now, then = folds_of_drivers(after, more), folds_of_drivers(before, few)
    assert {driver: now[driver] for driver in then} == then


def test_a_driver_who_is_gone_leaves_the_other_folds_as_they_were() -> None:
    sessions = drawn(5, 5)
    before = assign_splits(sessions, "leave-drivers-out-5")
    after = assign_splits(sessions[1:], "leave-drivers-out-5", previous_folds=before.folds)
    gone = folds_of_drivers(before, sessions)["D000"]
    assert sorted(set(before.folds) - set(after.folds)) == gone
    assert all(
        folds_of_drivers(before, sessions)[d] == f
        for d, f in folds_of_drivers(after, sessions).items()
    )


def test_folds_of_another_number_are_drawn_anew() -> None:
    sessions = drawn(12, 12)
    other = assign_splits(sessions, "leave-drivers-out-3").folds
    plan = assign_splits(sessions, "leave-drivers-out-5", previous_folds=other)
    assert plan.folds == assign_splits(sessions, "leave-drivers-out-5").folds
    assert any("drawn anew" in note for note in plan.notes)


def test_folds_are_drawn_anew_where_one_has_lost_everybody() -> None:
    sessions = drawn(4, 4)
    before = {"fold_1": {"test": ["s001", "s002", "s003"]}, "fold_2": {"test": ["s000"]}}
    plan = assign_splits(sessions[1:], "leave-drivers-out-2", previous_folds=before)
    assert all(parts["test"] and parts["train"] for parts in plan.folds.values())
    assert any("drawn anew: nobody is left" in note for note in plan.notes)


def test_earlier_folds_that_leak_are_refused() -> None:
    sessions = drawn(4, 4)
    leaking = {
        "fold_1": {"train": ["s001"], "test": ["s000"]},
        "fold_2": {"train": ["s000", "s001"], "test": ["s001"]},
    }
    with pytest.raises(InputError, match=r"fold_2: Driver D001 is in test \(s001\) and train"):
        assign_splits(sessions, "leave-drivers-out-2", previous_folds=leaking)
    twice = {"fold_1": {"test": ["s000"]}, "fold_2": {"test": ["s000"]}}
    with pytest.raises(InputError, match=r"Driver D000 is tested twice"):
        assign_splits(sessions, "leave-drivers-out-2", previous_folds=twice)
