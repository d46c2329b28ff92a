import math
from pathlib import Path

import numpy as np
import pytest

from dashgaze.analysis.saliency.evaluation import saliency_section
from dashgaze.analysis.saliency.frame_groups import (
    NO_OBJECT,
    centre_bands,
    object_classes,
    vanishing_point_bands,
)
from dashgaze.analysis.saliency.gaze_frames import GazeFrames, frames_of
from dashgaze.analysis.saliency.map_folder import MapFolder
from dashgaze.analysis.saliency.map_scores import score_sessions
from dashgaze.analysis.saliency.options import LabelledBoxes, SaliencyOptions
from dashgaze.densities.grid import Grid
from dashgaze.densities.unit_square import unit_from_px
from dashgaze.errors import InputError

SIZE = (640, 360)
GRID = Grid(columns=16, rows=9)
OPTIONS = SaliencyOptions(grid=GRID)


def made_frames(name: str, driver: str, seed: int, count: int = 60) -> GazeFrames:
    """Gaze about the middle of the picture."""
    rng = np.random.default_rng(seed)
    gaze = np.clip(rng.normal((320, 180), (90, 50), (count, 2)), 0, (639, 359))
    return GazeFrames(
        session_id=name,
        driver_id=driver,
        size_px=SIZE,
        road_frame_index=np.arange(count),
        gaze_px=gaze,
        vanishing_point_px=np.full((count, 2), (320.0, 170.0)),
        cell=GRID.cell_of(unit_from_px(gaze, np.full((count, 2), SIZE, dtype=float))),
    )


def six_sessions() -> list[GazeFrames]:
    return [made_frames(f"s{place}", f"d{place}", place) for place in range(6)]


def stored(tmp_path: Path, sessions, map_of, every: int = 1) -> MapFolder:
    """Write a map for every so many frames."""
    paths: dict[str, dict[int, Path]] = {}
    for frames in sessions:
        folder = tmp_path / frames.session_id
        folder.mkdir(parents=True, exist_ok=True)
        for place in range(0, len(frames), every):
            path = folder / f"{place}.npy"
            np.save(path, map_of(frames, place))
            paths.setdefault(frames.session_id, {})[place] = path
    return MapFolder(folder=tmp_path, paths=paths, unknown=())


def even(_frames, _place):
    return np.ones((9, 16))


def truth(frames, place):
    """Give a blob at the true place, moved a little, as a good model would."""
    y, x = np.mgrid[:9, :16]
    at_x, at_y = frames.gaze_px[place] / 40
    return np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / 4)


def finding(section, key):
    return next(each for each in section.findings if each.key == key)


def test_an_even_map_is_chance(tmp_path) -> None:
    sessions = six_sessions()
    scored = score_sessions(sessions, stored(tmp_path, sessions, even), OPTIONS)
    for each in scored:
        assert each.mean("maps", "nss") == pytest.approx(0, abs=1e-6)
        assert each.mean("maps", "auc_judd") == pytest.approx(0.5)
        assert each.mean("maps", "shuffled_auc") == pytest.approx(0.5)
        assert np.isnan(each.mean("maps", "cc"))
    section = saliency_section(scored, stored(tmp_path, sessions, even), OPTIONS)
    gain = finding(section, "saliency.information_gain").estimate
    # Where others look tells more than nothing.
    assert gain.high < 0


def test_a_map_that_knows_the_truth_wins_over_all_baselines(tmp_path) -> None:
    sessions = six_sessions()
    maps = stored(tmp_path, sessions, truth)
    scored = score_sessions(sessions, maps, OPTIONS)
    section = saliency_section(scored, maps, OPTIONS)
    for key in (
        "saliency.information_gain",
        "saliency.information_gain.shuffled",
        "saliency.nss.others",
        "saliency.nss.centre",
        "saliency.nss.shuffled",
        "saliency.cc.others",
        "saliency.similarity.others",
        "saliency.auc_judd.others",
    ):
        estimate = finding(section, key).estimate
        assert estimate.sessions == estimate.drivers == 6
        assert 0 < estimate.low < estimate.value, key
    assert finding(section, "saliency.kl_nats.others").estimate.high < 0
    assert finding(section, "saliency.shuffled_auc").estimate.low > 0.5


def test_a_map_that_is_the_centre_gains_nothing_over_the_centre(tmp_path) -> None:
    from dashgaze.analysis.saliency.map_scores import centre_mass

    sessions = six_sessions()
    maps = stored(tmp_path, sessions, lambda *_: centre_mass(SIZE, GRID).reshape(9, 16))
    section = saliency_section(score_sessions(sessions, maps, OPTIONS), maps, OPTIONS)
    for metric in ("nss", "auc_judd", "cc", "similarity", "kl_nats"):
        difference = finding(section, f"saliency.{metric}.centre").estimate
        assert difference.value == pytest.approx(0, abs=1e-5)
    # Exchanged between sessions, such maps are the same: they say nothing of the frame.
    assert finding(section, "saliency.nss.shuffled").estimate.value == pytest.approx(0, abs=1e-5)


def test_scores_of_four_cells_are_those_computed_by_hand(tmp_path) -> None:
    grid = Grid(columns=2, rows=2)
    options = SaliencyOptions(grid=grid, uniform_share=1e-9)
    first, second = (
        GazeFrames(
            session_id=name,
            driver_id=name,
            size_px=(20, 20),
            road_frame_index=np.array([3]),
            gaze_px=np.array([point]),
            vanishing_point_px=np.full((1, 2), np.nan),
            cell=np.array([cell]),
        )
        for name, point, cell in (("a", (4.5, 14.5), 2), ("b", (14.5, 4.5), 1))
    )
    path = tmp_path / "3.npy"
    np.save(path, np.array([[1, 2], [3, 4]]))
    maps = MapFolder(folder=tmp_path, paths={"a": {3: path}}, unknown=())
    (found,) = score_sessions([first, second], maps, options)
    sd = math.sqrt((0.15**2 + 0.05**2) * 2 / 4)
    assert found.mean("maps", "nss") == pytest.approx(0.05 / sd, rel=1e-5)
    assert found.mean("maps", "auc_judd") == pytest.approx(2 / 3)
    # The other session's only point has 0.2, less than 0.3.
    assert found.mean("maps", "shuffled_auc") == 1.0
    assert found.mean("others", "information_gain_bits") == pytest.approx(0, abs=1e-5)


def test_frames_without_a_map_are_counted_and_not_scored(tmp_path) -> None:
    sessions = six_sessions()
    maps = stored(tmp_path, sessions[:5], truth, every=4)
    scored = score_sessions(sessions, maps, OPTIONS)
    assert [(each.eligible, each.with_map, len(each.frames)) for each in scored] == [
        (60, 15, 15)
    ] * 5
    text = " ".join(saliency_section(scored, maps, OPTIONS).text)
    assert "of 300 such frames 75 have a map" in text


def test_empty_maps_are_counted_and_not_scored(tmp_path) -> None:
    sessions = six_sessions()
    maps = stored(tmp_path, sessions, lambda frames, place: truth(frames, place) * (place % 3 > 0))
    scored = score_sessions(sessions, maps, OPTIONS)
    assert [(each.empty, len(each.frames)) for each in scored] == [(20, 40)] * 6


def test_maps_of_frames_without_gaze_are_refused(tmp_path) -> None:
    sessions = six_sessions()
    maps = MapFolder(folder=tmp_path, paths={"s0": {999: tmp_path / "none.npy"}}, unknown=())
    with pytest.raises(InputError, match="No frame with gaze"):
        score_sessions(sessions, maps, OPTIONS)


def test_no_more_frames_are_scored_than_asked_for(tmp_path) -> None:
    sessions = six_sessions()
    maps = stored(tmp_path, sessions, even)
    options = SaliencyOptions(grid=GRID, frames_per_session=7)
    scored = score_sessions(sessions, maps, options)
    assert [len(each.frames) for each in scored] == [7] * 6
    assert scored[0].frames.road_frame_index[[0, -1]].tolist() == [0, 59]


def test_few_sessions_are_descriptive_only(tmp_path) -> None:
    sessions = six_sessions()[:3]
    maps = stored(tmp_path, sessions, truth)
    section = saliency_section(score_sessions(sessions, maps, OPTIONS), maps, OPTIONS)
    estimate = finding(section, "saliency.information_gain").estimate
    assert estimate.descriptive_only
    assert estimate.low is None


def test_one_session_has_no_shuffled_scores_and_says_why(tmp_path) -> None:
    sessions = six_sessions()[:1]
    maps = stored(tmp_path, sessions, truth)
    section = saliency_section(score_sessions(sessions, maps, OPTIONS), maps, OPTIONS)
    assert "no other session" in finding(section, "saliency.nss.shuffled").cannot_say
    assert "no other session" in finding(section, "saliency.shuffled_auc").cannot_say
    assert finding(section, "saliency.nss.centre").estimate.value > 0


def test_bands_and_objects_break_frames_down() -> None:
    frames = made_frames("s", "d", 1, count=4)
    gaze = np.array([(319.5, 179.5), (419.5, 179.5), (10.0, 10.0), (420.0, 180.0)])
    frames = GazeFrames(**{**vars(frames), "gaze_px": gaze})
    assert [rows.tolist() for rows in centre_bands(frames).values()] == [
        [True, False, False, False],
        [False, True, False, True],
        [False, False, False, False],
        [False, False, True, False],
    ]
    assert sum(rows.sum() for rows in vanishing_point_bands(frames).values()) == 4
    boxes = LabelledBoxes(
        road_frame_index=np.array([3, 0, 0, 1]),
        box_px=np.array(
            [[400, 100, 500, 200], [0, 0, 400, 300], [300, 100, 340, 200], [0, 0, 5, 5]], float
        ),
        label=np.array(["car", "car", "sign", "car"]),
    )
    groups = {name: rows.tolist() for name, rows in object_classes(frames, boxes).items()}
    assert groups == {
        "car": [True, False, False, True],
        "sign": [True, False, False, False],
        NO_OBJECT: [False, True, False, False],
    }
    assert object_classes(frames, None) == {}


def test_the_section_breaks_scores_down_by_region_and_object(tmp_path) -> None:
    sessions = six_sessions()
    maps = stored(tmp_path, sessions, truth)
    boxes = {
        each.session_id: LabelledBoxes(
            road_frame_index=np.arange(60),
            box_px=np.tile([200.0, 100.0, 320.0, 260.0], (60, 1)),
            label=np.full(60, "car"),
        )
        for each in sessions
    }
    options = SaliencyOptions(grid=GRID, boxes=boxes)
    section = saliency_section(score_sessions(sessions, maps, options), maps, options)
    tables = {each.name: each for each in section.tables}
    assert [row[0] for row in tables["saliency_objects"].rows] == ["car", NO_OBJECT]
    assert sum(row[1] for row in tables["saliency_centre"].rows) == 360
    assert len(tables["saliency_drivers"].rows) == 6
    assert "saliency_vanishing_point" in tables
    for table in section.tables:
        assert all(len(row) == len(table.columns) for row in table.rows)
    section.to_json()


def test_only_fixations_in_the_road_picture_count(made_study) -> None:
    blink, saccade, view = np.zeros((3, 10), dtype=bool)
    blink[0], saccade[1], view[:] = True, True, True
    view[2] = False
    index = np.arange(10)
    index[3] = -1
    session = made_study.plain_session(
        10,
        blink=blink,
        saccade=saccade,
        gaze_in_view=view,
        known=frozenset({"blink", "saccade", "worn", "gaze_in_view"}),
    )
    assert frames_of(session, index, GRID).road_frame_index.tolist() == [4, 5, 6, 7, 8, 9]
    with pytest.raises(InputError, match="size of its road picture"):
        frames_of(made_study.plain_session(10, road_size_px=None), index, GRID)
