"""The balance: what each split holds, counted."""

from dashgaze.dataset.splits import Holding, SplitSession, assign_splits, measure_balance

SESSIONS = [
    SplitSession(session_id="a", driver_id="D1", frame_count=60, lighting="day", car="Swift"),
    SplitSession(session_id="b", driver_id="D1", frame_count=20, lighting="night"),
    SplitSession(session_id="c", driver_id="D2", frame_count=15, lighting="day", car="Swift"),
    SplitSession(session_id="d", driver_id="D3", frame_count=5, lighting="day"),
]


def found(balance: tuple[Holding, ...], measure: str, level: str | None = None) -> dict[str, int]:
    return {
        holding.split: holding.count
        for holding in balance
        if (holding.measure, holding.level) == (measure, level)
    }


def test_counts_are_those_of_the_sessions() -> None:
    balance = measure_balance(
        SESSIONS,
        {"a": "train", "b": "train", "c": "test", "d": "test"},
        {"train": 0.9, "test": 0.1},
    )
    assert found(balance, "frames") == {"train": 80, "test": 20}
    assert found(balance, "sessions") == {"train": 2, "test": 2}
    assert found(balance, "drivers") == {"train": 1, "test": 2}
    assert found(balance, "lighting", "day") == {"train": 60, "test": 20}
    assert found(balance, "lighting", "night") == {"train": 20, "test": 0}
    assert found(balance, "car", "Swift") == {"train": 60, "test": 15}
    assert found(balance, "car", "unknown") == {"train": 20, "test": 5}
    night = next(h for h in balance if h.level == "night" and h.split == "test")
    assert (night.total, night.share, night.deviation) == (20, 0.0, -0.1)


def test_a_plan_states_every_split_of_every_measure_and_shares_sum_to_one() -> None:
    plan = assign_splits(SESSIONS)
    by_measure: dict[tuple[str, str | None], list[Holding]] = {}
    for holding in plan.balance:
        by_measure.setdefault((holding.measure, holding.level), []).append(holding)
    for holdings in by_measure.values():
        assert [holding.split for holding in holdings] == ["train", "validation", "test"]
        assert [holding.target for holding in holdings] == [0.82, 0.10, 0.08]
        assert abs(sum(holding.share or 0.0 for holding in holdings) - 1) < 1e-12
        assert sum(holding.count for holding in holdings) == holdings[0].total
    assert plan.balance == measure_balance(
        SESSIONS, plan.splits, {"train": 0.82, "validation": 0.10, "test": 0.08}
    )


def test_what_is_not_there_has_no_share() -> None:
    nothing = [SplitSession(session_id="a", driver_id="D1", frame_count=0)]
    balance = measure_balance(nothing, {"a": "train"}, {"train": 1.0})
    assert balance[0].measure == "frames"
    assert (balance[0].share, balance[0].deviation) == (None, None)
