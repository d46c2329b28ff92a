import hashlib

import numpy as np
from PIL import Image

from dashgaze.dataset.papers import colours
from dashgaze.dataset.papers.condition_figures import cell_colours
from dashgaze.dataset.papers.figures import draw_figures
from dashgaze.dataset.papers.frame_tally import FrameTally, tally_frames
from dashgaze.dataset.papers.session_tally import tally_sessions
from dashgaze.reports.palette import LIGHT, contrast

ALL = [
    "weather_lighting.png",
    "phone_car_eyewear.png",
    "gaze_road.png",
    "gaze_angles.png",
    "head_pose.png",
    "speed.png",
    "homographies.png",
    "missing_gaze.png",
]


def tallies(folder, manifest):
    sessions = tally_sessions(folder, manifest)
    return sessions, tally_frames(folder, manifest, sessions.road_size_px)


def test_every_distribution_of_the_method_is_drawn(whole):
    drawn = sorted(path.name for path in (whole / "figures").iterdir())
    assert drawn == sorted(ALL)


def test_figures_are_made_for_a_telephone(whole):
    for path in (whole / "figures").iterdir():
        with Image.open(path) as picture:
            # twice the 360 px that a telephone shows, so that it stays sharp
            assert picture.width == 720
            assert 250 <= picture.height <= 1300
            # something is drawn, on white
            assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
            assert len(picture.convert("L").getcolors()) > 20


def test_figures_tell_neither_software_nor_date(whole):
    for path in (whole / "figures").iterdir():
        with Image.open(path) as picture:
            assert set(picture.info) <= {"dpi"}


def test_what_a_user_set_for_their_own_plots_changes_no_byte(tmp_path, pack, drives):
    import matplotlib as mpl

    counted = tallies(tmp_path, pack(tmp_path, drives))
    sums = []
    for number, settings in enumerate(
        ({}, {"font.size": 30, "axes.facecolor": "red", "axes.grid": True, "savefig.dpi": 30})
    ):
        with mpl.rc_context(settings):
            draw_figures(tmp_path / str(number), *counted)
        files = sorted((tmp_path / str(number) / "figures").iterdir())
        sums.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
    assert sums[0] == sums[1]


def test_what_is_not_known_is_not_drawn(tmp_path, pack, drives):
    keep = ("ego_frame_valid", "gaze_ego_x_px")
    for drive in drives:
        drive.frames = {name: drive.frames[name] for name in keep}
    figures = draw_figures(tmp_path, *tallies(tmp_path, pack(tmp_path, drives)))
    assert [figure.name for figure in figures] == [
        "weather_lighting.png",
        "phone_car_eyewear.png",
        "missing_gaze.png",
    ]


def test_alternative_texts_hold_the_numbers(tmp_path, pack, drives):
    sessions, frames = tallies(tmp_path, pack(tmp_path, drives))
    frames.azimuth_deg.counts[:] = 0
    frames.azimuth_deg.counts[90] = 10  # all between 0° and 1°
    texts = {figure.name: figure.alt for figure in draw_figures(tmp_path, sessions, frames)}
    assert "median 0.5°, nine tenths from 0.1° to 0.9°" in texts["gaze_angles.png"]
    assert "matched directly 100 %, propagated 0 % and none 0 %" in texts["homographies.png"]
    assert "Beta 1.2 h (2 sessions)" in texts["phone_car_eyewear.png"]
    assert "not stated and twilight 1.0 h (1 session)" in texts["weather_lighting.png"]
    assert "160 frames' gaze in the road picture of 4 sessions" in texts["gaze_road.png"]


def test_many_cars_are_put_together(tmp_path, pack, drives):
    for index in range(12):
        drive = type(drives[0])(**{**vars(drives[0]), "session_id": f"more_{index}"})
        drive.session = {**drive.session, "car": f"Car {index:02d} $with$ a very long name indeed"}
        drives.append(drive)
    sessions, _ = tallies(tmp_path, pack(tmp_path, drives))
    texts = {figure.name: figure.alt for figure in draw_figures(tmp_path, sessions, FrameTally())}
    assert "6 others 1.5 h (6 sessions)" in texts["phone_car_eyewear.png"]


def test_gaze_in_a_single_cell_can_be_drawn(tmp_path, pack, drives):
    sessions, frames = tallies(tmp_path, pack(tmp_path, drives))
    frames.density[:] = 0
    frames.density[45, 80] = 1
    (alt,) = (f.alt for f in draw_figures(tmp_path, sessions, frames) if f.name == "gaze_road.png")
    assert "median is 50 % from the left" in alt


def test_colours_are_those_of_the_reports_and_can_be_read():
    names = {"page", "text", "muted", "blue", "green", "red", "purple"}
    assert {name: getattr(colours, name.upper()) for name in names} == {n: LIGHT[n] for n in names}
    for colour in colours.SERIES:
        assert contrast(colour, colours.PAGE) >= 3
    assert contrast(colours.TEXT, colours.PAGE) >= 4.5


def test_numbers_on_shaded_cells_can_be_read():
    for shade in np.linspace(0, 1, 101):
        assert contrast(*cell_colours(float(shade))) >= 4.5
