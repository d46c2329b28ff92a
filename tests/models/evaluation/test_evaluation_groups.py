import numpy as np
import pytest

from dashgaze.models.evaluation.answers import ask
from dashgaze.models.evaluation.frames import choose_frames, evenly
from dashgaze.models.evaluation.jury import make_jury
from dashgaze.models.evaluation.options import EvaluateOptions
from dashgaze.models.evaluation.scoring import error_map, score, subgroup_scores
from dashgaze.models.evaluation.session_facts import SessionFacts
from dashgaze.models.evaluation.subgroups import cells_of, standing


def cells(samples, entrant, median):
    frames = choose_frames(samples, EvaluateOptions())
    answers = ask([median, entrant], frames, None, fallback=median)
    jury = make_jury(
        frames,
        answers,
        SessionFacts(focal_px={}, raw_faces=frozenset()),
        None,
        EvaluateOptions(),
    )
    found = {(each["group"], each["level"]): each for each in subgroup_scores(answers[1], jury)}
    return found, answers, jury


def test_cells_say_how_many_sessions_and_drivers_they_hold(samples, planted, median):
    found, _, _ = cells(samples, planted("net", (4.0, 0.0)), median)
    assert found["lighting", "day"]["sessions"] == 6
    assert found["lighting", "day"]["drivers"] == 6
    assert found["lighting", "day"]["mean_error_px"] == pytest.approx(4.0)
    assert found["lighting", "day"]["standing"] == "ok"
    assert found["lighting", "day"]["low_px"] == pytest.approx(4.0)


def test_a_cell_of_one_session_is_suppressed_and_of_few_descriptive(samples, planted, median):
    found, _, _ = cells(samples, planted("net"), median)
    alone = found["eyewear", "lenses"]
    assert (alone["sessions"], alone["standing"]) == (1, "suppressed")
    assert alone["mean_error_px"] is None
    assert alone["skill"] is None
    assert found["lighting", "night"]["standing"] == "descriptive"
    assert [standing(n) for n in (0, 1, 2, 4, 5)] == [
        "suppressed",
        "suppressed",
        "descriptive",
        "descriptive",
        "ok",
    ]


def test_the_levels_of_a_group_hold_each_frame_once(samples):
    for group in {cell.group for cell in cells_of(samples)}:
        counts = sum(cell.rows.astype(int) for cell in cells_of(samples) if cell.group == group)
        # Gaze that is not known is at no distance from the middle, which is a level too.
        assert (counts == 1).all(), group


def test_speed_and_head_turn_fall_into_their_bins(samples):
    found = {(cell.group, cell.level): cell.rows for cell in cells_of(samples)}
    km_h = samples.speed_m_s * 3.6
    assert (found["speed", "stopped"] == (km_h < 1)).all()
    assert (found["speed", "20 to 40 km/h"] == ((km_h >= 20) & (km_h < 40))).all()
    assert (found["speed", "over 60 km/h"] == (km_h >= 60)).all()
    # Head yaw is positive to the driver's left.
    yaw = samples.head_pose_deg[:, 0]
    assert (found["head_yaw", "right, over 30°"] == (yaw < -30)).all()
    assert (found["head_yaw", "left, over 30°"] == (yaw >= 30)).all()
    assert found["car", "unknown"].sum() == 4 * 30


def test_seen_drivers_are_a_group_of_their_own(samples):
    found = {(cell.group, cell.level): cell.rows for cell in cells_of(samples, {"d1", "d9"})}
    assert (found["driver", "seen"] == (samples.driver_id == "d1")).all()
    assert (found["driver", "unseen"] == (samples.driver_id != "d1")).all()


def test_the_map_of_errors_leaves_out_what_one_session_alone_shows(samples, planted, median):
    _, answers, jury = cells(samples, planted("net", (4.0, 3.0)), median)
    grid = error_map([answers[1]], jury)[0]
    values = [each for row in grid["cells"] for each in row if each is not None]
    assert values
    assert np.allclose(values, 5.0)
    assert len(grid["cells"]) == grid["rows"]
    one = jury.samples.session_id == "s0"
    from dataclasses import replace

    alone = error_map([answers[1]], replace(jury, counted=jury.counted & one))[0]
    assert {each for row in alone["cells"] for each in row} == {None}


def test_scores_of_a_model_hold_all_parts(samples, planted, median):
    _, answers, jury = cells(samples, planted("net"), median)
    assert set(score(answers[1], jury)) == {
        "coverage",
        "location",
        "angle",
        "skill",
        "uncertainty",
        "density",
        "sessions",
        "subgroups",
        "by_distance",
        "seen_drivers",
    }


def test_frames_are_taken_evenly_from_each_session(samples):
    rows = evenly(samples, 40)
    assert len(rows) == 40
    assert set(np.bincount(rows // 30)) == {5}
    assert {0, 29} <= set((rows % 30).tolist())
