"""From reasons to a verdict."""

import itertools

import pytest

from dashgaze.reports.verdict import TITLES, Reason, sorted_reasons, verdict_of


def reasons(*severities):
    return [Reason(severity=each, code="X", message=str(i)) for i, each in enumerate(severities)]


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [
        ((), "usable"),
        (("note",), "usable"),
        (("note", "flag"), "usable_with_flags"),
        (("flag", "unknown"), None),
        (("unknown", "redo", "flag"), "redo"),
    ],
)
def test_the_worst_reason_decides(severities, verdict):
    for order in itertools.permutations(severities):
        assert verdict_of(reasons(*order)) == verdict
    assert verdict in TITLES


def test_reasons_are_sorted_and_each_is_told_once():
    given = reasons("note", "flag", "redo", "unknown")
    found = sorted_reasons([*given, *given])
    assert [each.severity for each in found] == ["redo", "unknown", "flag", "note"]
