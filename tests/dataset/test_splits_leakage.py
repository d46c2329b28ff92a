"""Leaks: found where there are any, with names, and only there."""

from dashgaze.dataset.splits import check_fold_leakage, check_leakage

DRIVERS = {"s1": "D1", "s2": "D1", "s3": "D2", "s4": "D3"}


def test_drivers_in_one_split_each_do_not_leak() -> None:
    assert check_leakage({"s1": "train", "s2": "train", "s3": "test", "s4": "test"}, DRIVERS) == []
    assert check_leakage({}, DRIVERS) == []


def test_each_driver_in_several_splits_is_named_with_the_sessions() -> None:
    splits = {"s4": "test", "s2": "validation", "s1": "train", "s3": "test"}
    assert check_leakage(splits, DRIVERS) == ["Driver D1 is in train (s1) and validation (s2)."]


def test_a_session_whose_driver_nobody_knows_is_named() -> None:
    assert check_leakage({"s9": "train"}, DRIVERS) == [
        "Session s9 has no known driver: nobody can say whether it leaks."
    ]
    assert len(check_leakage({"s9": "train"}, {"s9": ""})) == 1


def test_leaks_within_a_fold_are_found_and_those_between_folds_are_none() -> None:
    folds = {
        "fold_1": {"train": ["s1", "s2"], "test": ["s3"]},
        "fold_2": {"train": ["s3", "s2"], "test": ["s1"]},
        "fold_3": {"train": ["s3", "s4"], "test": ["s4"]},
    }
    assert check_fold_leakage(folds, DRIVERS) == [
        "fold_2: Driver D1 is in test (s1) and train (s2).",
        "fold_3: Driver D3 is in test (s4) and train (s4).",
        "fold_3: Session s4 is in test and train.",
    ]
