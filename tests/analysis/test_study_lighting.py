"""The light: the sun, the hour of day, pictures, and what does not agree."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.analysis.study.lighting import Place, lighting_of, place_of
from dashgaze.analysis.study.packed_dataset import open_dataset
from dashgaze.analysis.study.packed_lighting import (
    packed_lighting,
    packed_picture_light,
    packed_place,
)
from dashgaze.analysis.study.picture_light import picture_light, tunnels
from dashgaze.analysis.study.sun import (
    Sun,
    lighting_is_possible,
    possible_elevations_deg,
    sun_at,
)
from dashgaze.errors import InputError, MissingExtraError
from dashgaze.schemas.dataset_manifest import DatasetFile

HYDERABAD = Place(latitude_deg=17.4, longitude_deg=78.5)


@pytest.mark.parametrize(
    ("latitude", "longitude", "moment", "elevation", "azimuth"),
    [
        # noon on the equator at the equinox: overhead
        (0.0, 0.0, "2026-03-20T12:07", 90.0, None),
        # noon in London at the solstices: 90 - latitude ± 23.44
        (51.5, 0.0, "2026-06-21T12:02", 61.9, 180.0),
        (51.5, 0.0, "2026-12-21T11:58", 15.1, 180.0),
        # sunrise on the equator, due east; midnight sun at the North Cape, due north
        (0.0, 0.0, "2026-03-20T06:07", 0.0, 90.0),
        (71.2, 25.8, "2026-06-21T22:19", 4.7, 0.0),
        (-33.9, 151.2, "2026-12-21T01:53", 79.5, 0.0),
    ],
)
def test_the_sun_stands_where_almanacs_have_it(latitude, longitude, moment, elevation, azimuth):
    sun = sun_at(latitude, longitude, datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert sun.elevation_deg == pytest.approx(elevation, abs=0.6)
    if azimuth is not None:
        assert abs((sun.azimuth_deg - azimuth + 180) % 360 - 180) < 3


def test_a_moment_means_the_same_in_any_zone():
    at = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert sun_at(17.4, 78.5, at) == sun_at(17.4, 78.5, there)


def test_a_moment_without_an_offset_and_a_place_that_is_none_are_refused():
    with pytest.raises(InputError, match="offset from UTC"):
        sun_at(0, 0, datetime(2026, 5, 1, 12, 0))
    with pytest.raises(InputError, match="no place"):
        sun_at(91, 0, datetime(2026, 5, 1, 12, 0, tzinfo=UTC))


def test_without_astral_it_is_said_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "astral", None)
    with pytest.raises(MissingExtraError, match=r"dashgaze\[analysis\]"):
        sun_at(0, 0, datetime(2026, 5, 1, 12, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("elevation", "lighting"),
    [(40, "day"), (0.1, "day"), (-0.1, "twilight"), (-5.9, "twilight"), (-6.1, "night")],
)
def test_twilight_is_six_degrees_wide(elevation, lighting):
    assert Sun(elevation_deg=elevation, azimuth_deg=0).lighting == lighting


def test_a_low_sun_ahead_dazzles():
    low = Sun(elevation_deg=10, azimuth_deg=350)
    assert low.dazzles(10)
    assert not low.dazzles(60)
    assert not Sun(elevation_deg=30, azimuth_deg=0).dazzles(0)
    assert not Sun(elevation_deg=-1, azimuth_deg=0).dazzles(0)


def test_hours_bound_the_sun_as_astral_does():
    for hour in range(24):
        low, high = possible_elevations_deg(hour, latitude_deg=17.4)
        for month in (1, 3, 6, 9, 12):
            # India's clock: 5.5 h ahead of UTC
            moment = datetime(2026, month, 21, hour, 30, tzinfo=timezone(timedelta(hours=5.5)))
            elevation = sun_at(17.4, 78.5, moment).elevation_deg
            assert low - 0.5 <= elevation <= high + 0.5


@pytest.mark.parametrize(
    ("lighting", "hour", "latitude", "possible"),
    [
        ("day", 12, None, True),
        ("day", 23, 17.4, False),
        ("day", 0, 17.4, False),
        ("night", 12, 17.4, False),
        ("night", 21, 17.4, True),
        ("night", 12, None, False),
        ("twilight", 18, 17.4, True),
        ("twilight", 12, 17.4, False),
        ("day", 23, 70.0, True),
        ("night", 12, 75.0, True),
    ],
)
def test_the_hour_of_day_rules_some_light_out(lighting, hour, latitude, possible):
    assert lighting_is_possible(lighting, hour, latitude_deg=latitude) is possible


def session_of(made_study, lighting, hour=None):
    session = made_study.plain_session(lighting=lighting)
    return replace(session, facts={} if hour is None else {"local_hour": hour})


def test_what_is_said_counts_and_the_sun_checks_it(made_study):
    noon = datetime(2026, 2, 2, 6, 30, tzinfo=UTC)  # noon in India
    fine = lighting_of(session_of(made_study, "day"), place=HYDERABAD, moment=noon)
    assert (fine.value, fine.source, fine.flags) == ("day", "manifest", ())
    assert fine.checked_by == ("sun",)
    wrong = lighting_of(session_of(made_study, "night"), place=HYDERABAD, moment=noon)
    assert wrong.value == "night"
    assert "the sun stood at" in wrong.flags[0]


def test_the_sun_tells_where_nothing_is_said(made_study):
    late = datetime(2026, 2, 2, 16, 0, tzinfo=UTC)
    found = lighting_of(session_of(made_study, None), place=HYDERABAD, moment=late)
    assert (found.value, found.source) == ("night", "sun")
    unknown = lighting_of(session_of(made_study, None))
    assert (unknown.value, unknown.source) == (None, "none")


def test_the_hour_of_day_checks_where_the_date_stayed_in_the_lab(made_study):
    fine = lighting_of(session_of(made_study, "night", 21), place=HYDERABAD)
    assert fine.flags == ()
    assert fine.checked_by == ("hour of day",)
    wrong = lighting_of(session_of(made_study, "day", 23), place=HYDERABAD)
    assert "23 h local time" in wrong.flags[0]
    assert "latitude of 17°" in wrong.flags[0]


def test_simulated_drives_start_at_plausible_hours(label_study):
    assert all(lighting_of(session).flags == () for session in label_study.sessions)


def road(sky, ground):
    picture = np.full((252, 448), ground, dtype=np.uint8)
    picture[:110] = sky
    return picture


def test_pictures_are_bright_dark_or_unclear():
    light = picture_light([road(180, 80), road(20, 40), road(70, 60), road(120, 5)])
    assert light.looks == ("bright", "dark", "unclear", "dark")
    assert light.look is None
    _, coded = cv2.imencode(".jpg", road(180, 80))
    coloured = np.repeat(road(180, 80)[..., None], 3, axis=2)
    again = picture_light([coded.tobytes(), b"", b"no picture", coloured])
    assert again.sky_luma == pytest.approx([180, np.nan, np.nan, 180], abs=2, nan_ok=True)
    assert again.looks == ("bright", "unclear", "unclear", "bright")


def test_pictures_that_disagree_are_flagged_and_lit_streets_are_not(made_study):
    bright, dark = picture_light([road(180, 80)] * 9), picture_light([road(10, 30)] * 9)
    lit = picture_light([road(70, 90)] * 9)
    night, day = session_of(made_study, "night"), session_of(made_study, "day")
    assert "pictures are bright" in lighting_of(night, pictures=bright).flags[0]
    assert "pictures are dark" in lighting_of(day, pictures=dark).flags[0]
    assert lighting_of(night, pictures=dark).flags == ()
    assert lighting_of(night, pictures=lit).flags == ()


def test_a_tunnel_is_dark_in_a_drive_by_day(made_study):
    pictures = [road(180, 80)] * 20 + [road(5, 20)] * 10 + [road(180, 80)] * 20 + [road(5, 20)]
    light, time_s = picture_light(pictures), np.arange(51.0)
    assert tunnels(light, time_s) == ((20.0, 29.0),)
    day = session_of(made_study, "day")
    found = lighting_of(day, pictures=light, picture_time_s=time_s)
    assert found.tunnels_s == ((20.0, 29.0),)
    assert found.flags == ()
    night = session_of(made_study, "night")
    assert lighting_of(night, pictures=light, picture_time_s=time_s).tunnels_s == ()


@pytest.fixture
def with_places_and_pictures(packed_labels, tmp_path):
    """The packed data set, as if places and road pictures of one session were packed as well."""
    pictures = [road(20, 10)] * 40 + [road(180, 80)] * 5
    coded = [cv2.imencode(".jpg", each)[1].tobytes() for each in pictures]
    coded[3] = b"no picture"
    images = pa.table(
        {
            "time_ns": [number * 500_000_000 for number in range(len(coded))],
            "road": [{"bytes": each, "path": None} for each in coded],
        }
    )
    places = pa.table({"latitude_deg": [17.4, 17.5], "longitude_deg": [78.4, 78.6]})
    files = []
    for config, table in (("images", images), ("location", places)):
        path = tmp_path / f"{config}.parquet"
        pq.write_table(table, path)
        files.append(
            DatasetFile(
                path=str(path),
                size_bytes=1,
                sha256="0" * 64,
                config=config,
                session_id="session_001",
            )
        )
    opened = open_dataset(packed_labels)
    manifest = opened.manifest.model_copy(update={"files": (*opened.manifest.files, *files)})
    return replace(opened, manifest=manifest)


def test_all_that_is_packed_checks_the_light(with_places_and_pictures):
    opened = with_places_and_pictures
    place = packed_place(opened, "session_001")
    assert place == Place(latitude_deg=pytest.approx(17.45), longitude_deg=pytest.approx(78.5))
    light, time_s = packed_picture_light(opened, "session_001")
    assert time_s.tolist() == [float(second) for second in range(23)]
    assert np.count_nonzero(np.isfinite(light.sky_luma)) == 23
    session = replace(opened.session("session_001"), lighting="day")
    found = packed_lighting(opened, session)
    assert found.checked_by == ("hour of day", "pictures")
    assert "road pictures are dark" in found.flags[0]


def test_without_places_and_pictures_the_hour_checks_alone(packed_labels):
    opened = open_dataset(packed_labels)
    found = packed_lighting(opened, opened.session("session_001"))
    assert found.checked_by == ("hour of day",)
    assert found.flags == ()


def test_places_have_a_middle_even_across_the_date_line():
    place = place_of(np.array([10.0, 10.2, np.nan]), np.array([179.9, -179.9, 3.0]))
    assert place.latitude_deg == pytest.approx(10.1)
    assert abs(place.longitude_deg) == pytest.approx(180, abs=1e-6)
    assert place_of(np.array([np.nan]), np.array([np.nan])) is None
