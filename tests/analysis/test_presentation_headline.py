"""Verdicts in words, and the table that opens the report."""

import pytest

from dashgaze.analysis.contract.finding import Estimate, Finding, Section, Test
from dashgaze.analysis.presentation.headline import estimate_words, headlines
from dashgaze.analysis.presentation.section_run import SectionResult


def finding(key="k", *, p=0.5, low=0.9, high=1.2, sessions=20, naive=None, **more) -> Finding:
    estimate = Estimate(
        value=1.05, low=low, high=high, unit="ratio", sessions=sessions, drivers=sessions
    )
    tests = () if p is None else (Test(p=p, null="nothing happens"),)
    given = {"estimate": estimate, "tests": tests, "naive_p": naive} | more
    return Finding(key=key, question=f"Is it so ({key})?", **given)


def rows(*findings: Finding):
    section = Section(key="s", title="S", findings=findings)
    return headlines([SectionResult(section=section, figures=())])


def test_an_interval_without_the_neutral_number_is_an_effect():
    (row,) = rows(finding(p=0.001, low=1.01))
    assert (row.verdict, row.title) == ("effect", "An effect")
    assert "leaves out 1" in row.words


def test_an_interval_with_the_neutral_number_is_open_and_says_what_fits():
    (row,) = rows(finding())
    assert row.verdict == "open"
    assert "0.90 to 1.20" in row.words


def test_p_values_are_corrected_for_the_tests_of_the_table():
    found = rows(finding("a", p=0.04, low=1.01), finding("b", p=0.03, low=1.01))
    assert [row.p_corrected for row in found] == pytest.approx([0.06, 0.06])
    assert all(row.verdict == "uncertain" and "by chance" in row.words for row in found)


def test_the_same_test_told_twice_counts_once():
    found = rows(finding("slope", p=0.04, low=1.01), finding("slope_per_10", p=0.04, low=1.01))
    assert [row.p_corrected for row in found] == pytest.approx([0.04, 0.04])


def test_permutations_that_hit_upon_the_same_p_are_two_tests():
    shuffled = (Test(p=0.03, null="shuffled", repeats=99),)
    found = rows(finding("a", low=1.01, tests=shuffled), finding("b", low=1.01, tests=shuffled))
    assert [row.p_corrected for row in found] == pytest.approx([0.06, 0.06])


def test_few_sessions_only_describe():
    (row,) = rows(finding(sessions=4, p=0.001, low=1.01))
    assert row.verdict == "descriptive"
    assert row.p is None


def test_without_a_test_there_is_only_a_size():
    (row,) = rows(finding(p=None))
    assert row.verdict == "estimate"


def test_what_cant_be_said_stands_at_the_end_with_its_reason():
    silent = Finding(key="x", question="And this?", cannot_say="No boxes were given.")
    found = rows(silent, finding())
    assert [row.verdict for row in found] == ["open", "cannot"]
    assert found[1].words == "No boxes were given."
    assert found[1].sessions is None


def test_a_naive_p_is_warned_of_where_sessions_say_nothing():
    (row,) = rows(finding(naive=1e-9))
    assert "not independent" in row.warning
    (row,) = rows(finding(naive=1e-9, p=0.001, low=1.01))
    assert row.warning == ""


def test_a_test_and_an_interval_that_disagree_leave_it_open():
    (row,) = rows(finding(p=0.01))
    assert row.verdict == "open"
    assert "disagree" in row.words


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate(value=0.0412, low=0.02, high=0.06, unit="share"), "4.1 % (2.0 % to 6.0 %)"),
        (Estimate(value=-1.234, low=-1.5, high=-1.0, unit="deg"), "−1.23 (−1.50 to −1.00) deg"),
        (Estimate(value=None), "—"),
        (Estimate(value=2.0, unit="ratio"), "2.00 ×"),
    ],
)
def test_estimates_are_written_to_the_digits_their_interval_leaves(estimate, words):
    assert estimate_words(estimate) == words
