"""Consent: what of a driver may leave under each scope, and never more than that."""

import itertools
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgaze.dataset.consent import Release, narrowest, release_under
from dashgaze.schemas.manifest import CONSENT_SCOPES, ConsentScope

FROM_WIDEST: tuple[ConsentScope, ...] = ("raw", "blurred", "gaze_only")
# What shows more of people comes later.
OUTWARD = ("none", "anonymized", "as_recorded")
DRIVER = ("none", "blurred", "raw")


@pytest.mark.parametrize(
    ("scope", "as_recorded", "outward", "driver", "face_numbers"),
    [
        ("raw", False, "anonymized", "raw", True),
        ("raw", True, "as_recorded", "raw", True),
        ("blurred", False, "anonymized", "blurred", True),
        ("blurred", True, "as_recorded", "blurred", True),
        ("gaze_only", False, "none", "none", False),
        ("gaze_only", True, "none", "none", False),
    ],
)
def test_each_scope_allows_what_the_table_says(
    scope: ConsentScope, as_recorded: bool, outward: str, driver: str, face_numbers: bool
) -> None:
    release = release_under(scope, as_recorded=as_recorded)
    assert release.scope == scope
    assert (release.outward, release.driver, release.face_numbers) == (
        outward,
        driver,
        face_numbers,
    )


def test_the_table_has_a_row_for_every_scope_that_a_manifest_may_name() -> None:
    """A new scope has to be thought of here before it can be packed; their order is what decides."""
    assert CONSENT_SCOPES == FROM_WIDEST


def test_pictures_of_strangers_are_anonymized_unless_somebody_decided_otherwise() -> None:
    assert all(release_under(scope).outward != "as_recorded" for scope in FROM_WIDEST)


@pytest.mark.parametrize("as_recorded", [False, True])
def test_a_narrower_scope_allows_no_more_of_anything(as_recorded: bool) -> None:
    def extent(release: Release) -> tuple[int, int, int]:
        return (
            OUTWARD.index(release.outward),
            DRIVER.index(release.driver),
            int(release.face_numbers),
        )

    for wide, narrow in itertools.combinations(FROM_WIDEST, 2):
        more = extent(release_under(wide, as_recorded=as_recorded))
        less = extent(release_under(narrow, as_recorded=as_recorded))
        assert all(a <= b for a, b in zip(less, more, strict=True))
        assert less != more


@pytest.mark.parametrize("scope", FROM_WIDEST)
def test_what_is_decided_on_the_road_changes_nothing_for_the_driver(scope: ConsentScope) -> None:
    with_faces, without = release_under(scope, as_recorded=True), release_under(scope)
    assert with_faces.driver == without.driver
    assert with_faces.face_numbers == without.face_numbers


@given(st.lists(st.sampled_from(FROM_WIDEST), min_size=1))
def test_the_narrowest_of_all_scopes_decides_in_whatever_order(scopes: list[ConsentScope]) -> None:
    found = narrowest(scopes)
    assert found == narrowest(reversed(scopes)) == narrowest(iter(sorted(scopes)))
    assert found in scopes
    allowed = DRIVER.index(release_under(found).driver)
    assert all(allowed <= DRIVER.index(release_under(scope).driver) for scope in scopes)


@pytest.mark.parametrize("scope", FROM_WIDEST)
def test_one_drive_for_gaze_only_is_enough(scope: ConsentScope) -> None:
    assert narrowest([scope, "gaze_only", scope]) == "gaze_only"


def test_no_consent_at_all_is_not_taken_for_any() -> None:
    with pytest.raises(ValueError, match="empty"):
        narrowest([])


@pytest.mark.parametrize("unknown", ["gaze-only", "RAW", "", None])
def test_an_unknown_scope_among_others_is_refused(unknown: object) -> None:
    with pytest.raises(ValueError, match="not in"):
        narrowest(["raw", unknown])  # type: ignore[list-item]


def test_what_was_allowed_cannot_be_widened_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        release_under("gaze_only").driver = "raw"  # type: ignore[misc]


@pytest.mark.parametrize("scope", ["gaze-only", "RAW", "", "none"])
def test_a_scope_that_is_not_understood_releases_nothing(scope):
    with pytest.raises(ValueError, match="no consent scope"):
        release_under(scope)
