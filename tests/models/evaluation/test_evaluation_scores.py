import json
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from dashgaze.errors import InputError
from dashgaze.models.contract.samples import Samples
from dashgaze.models.evaluation.answers import ask
from dashgaze.models.evaluation.content import make_content
from dashgaze.models.evaluation.entrants import Entrant
from dashgaze.models.evaluation.frames import choose_frames
from dashgaze.models.evaluation.jury import make_jury
from dashgaze.models.evaluation.options import EvaluateOptions
from dashgaze.models.evaluation.session_facts import SessionFacts


def judge(
    samples: Samples,
    entrants: Sequence[Entrant],
    median: Entrant,
    options: EvaluateOptions | None = None,
    focal_px: dict[str, float] | None = None,
) -> dict:
    options = options or EvaluateOptions()
    frames = choose_frames(samples, options)
    answers = ask([median, *entrants], frames, None, fallback=median)
    facts = SessionFacts(focal_px=focal_px or {}, raw_faces=frozenset())
    jury = make_jury(frames, answers, facts, None, options)
    content = make_content(jury, answers, frames, options)
    json.dumps(content, allow_nan=False)  # no NaN, no array: it can be written
    return content | {"by_name": {each["name"]: each for each in content["models"]}}


def test_a_planted_error_comes_out_as_it_was_planted(samples, planted, median):
    content = judge(samples, [planted("off", (3.0, -4.0), move_deg=(0.0, 2.0))], median)
    off = content["by_name"]["off"]
    px = off["location"]["all"]["px"]
    frames = off["location"]["all"]["frames"]
    assert px["mean"] == pytest.approx(5.0)
    assert (px["low"], px["high"]) == (pytest.approx(5.0), pytest.approx(5.0))
    assert frames["rms_euclid_px"] == pytest.approx(5.0)
    assert (frames["mae_x_px"], frames["mae_y_px"]) == (pytest.approx(3.0), pytest.approx(4.0))
    assert frames["mean_percent_of_width"] == pytest.approx(0.5)
    assert off["angle"]["own"]["deg"]["mean"] == pytest.approx(2.0, abs=1e-6)
    assert off["angle"]["own"]["frames"]["mae_azimuth_deg"] == pytest.approx(0.0, abs=1e-9)
    assert off["coverage"]["share"] == 1.0


def test_degrees_are_those_of_the_road_camera_where_it_is_known(samples, planted, median):
    content = judge(
        samples,
        [planted("off", (10.0, 0.0))],
        median,
        focal_px=dict.fromkeys(samples.sessions, 1e5),
    )
    frames = content["by_name"]["off"]["location"]["all"]["frames"]
    assert frames["mean_deg"] == pytest.approx(np.degrees(10.0 / 1e5), rel=1e-3)
    assert not frames["focal_assumed"]
    unknown = judge(samples, [planted("off", (10.0, 0.0))], median)
    assert unknown["by_name"]["off"]["location"]["all"]["frames"]["focal_assumed"]


def test_blinks_and_gaze_out_of_view_are_left_out_and_counted(samples, planted, median):
    content = judge(samples, [planted("off")], median)
    assert content["data"]["frames"] == 240
    assert content["data"]["judged_frames"] == 240 - 3 * 8
    assert content["data"]["left_out"] == {
        "gaze in the road view is not known": 8,
        "eyes are closed": 8,
        "gaze is beyond the road picture": 8,
    }
    more = judge(samples, [planted("off")], median, EvaluateOptions(out_of_view=True, blinks=True))
    assert more["data"]["judged_frames"] == 240 - 8


def test_all_models_are_judged_on_identical_frames(samples, planted, median):
    models = [planted("a"), planted("b", (9.0, 0.0), answers=lambda s: s.has_face)]
    content = judge(samples, models, median)
    for model in content["models"]:
        assert model["location"]["all"]["px"]["frames"] == 216
        assert model["location"]["common"]["px"]["frames"] == 208
        assert [each["frames"] for each in model["sessions"]] == [27] * 8
    assert content["data"]["common_frames"] == 208


def test_who_answers_half_gains_nothing_by_it(samples, planted, median):
    def half(shown: Samples) -> np.ndarray:
        return shown.frame_index % 12 == 0

    content = judge(samples, [planted("half", answers=half), planted("far", (30.0, 0.0))], median)
    lazy = content["by_name"]["half"]
    constant = content["by_name"]["train_median"]
    assert lazy["coverage"]["answered"] == 13 * 8
    # Where it answers it is perfect; elsewhere the train median stands in.
    assert lazy["location"]["common"]["px"]["mean"] == pytest.approx(0.0)
    frame = samples.frame_index // 6
    judged = samples.gaze_in_view & ~samples.blink
    error = np.hypot(*(samples.gaze_road_px - [500.0, 250.0]).T)
    error[frame % 2 == 0] = 0.0
    expected = np.mean([error[judged & (samples.session_id == s)].mean() for s in samples.sessions])
    assert lazy["location"]["all"]["px"]["mean"] == pytest.approx(expected)
    assert constant["location"]["all"]["px"]["mean"] > expected > 30.0
    assert content["best"] == "far"


def test_models_get_no_labels_unless_they_are_oracles(samples, planted, median):
    honest, oracle = planted("honest"), planted("knows", oracle=True)
    told = planted("told", calibrated=True)
    judge(samples, [honest, oracle, told], median)
    shown = honest.predictor.shown[0]
    assert not shown.has_location.any()
    assert not shown.has_angle.any()
    assert not shown.fixation.any()
    assert not shown.blink.any()
    assert (shown.homography_source == "").all()
    assert shown.has_face.any()
    assert oracle.predictor.shown[0].has_location.any()
    assert told.predictor.shown[0].has_location.any()


def test_oracles_and_calibrated_models_are_marked_and_never_the_best(samples, planted, median):
    models = [
        planted("knows", oracle=True),
        planted("told", (1.0, 0.0), calibrated=True),
        planted("net", (20.0, 0.0), kind="network"),
    ]
    content = judge(samples, models, median)
    assert [model["name"] for model in content["models"]][:3] == ["knows", "told", "net"]
    assert content["best"] == "net"
    assert content["by_name"]["knows"]["mark"] == "oracle"
    assert content["by_name"]["told"]["mark"] == "calibrated"
    by_model = {each["model"]: each for each in content["comparisons"]}
    assert by_model["knows"]["conclusion"] == "no competitor (oracle)"
    assert by_model["told"]["p_holm"] is None


def test_an_oracle_constant_is_not_the_constant_that_others_have_to_beat(
    samples, planted, median, session_mean
):
    content = judge(samples, [session_mean, planted("net", (20.0, 0.0))], median)
    assert content["best_constant"] == "train_median"
    assert content["compared_with"] == ["train_median"]


def test_the_paired_test_is_exact_and_corrected(samples, planted, median):
    models = [
        planted("net", (5.0, 0.0)),
        planted("bad", (300.0, 0.0)),
        planted("worse", (400.0, 0.0)),
    ]
    content = judge(samples, models, median)
    found = {each["model"]: each for each in content["comparisons"]}
    # Eight sessions, all of one sign: 2 of 256 assignments are as far.
    assert found["net"]["p"] == pytest.approx(2 / 256)
    assert found["net"]["p_holm"] == pytest.approx(3 * 2 / 256)
    assert found["net"]["conclusion"] == "better"
    assert found["bad"]["conclusion"] == "worse"
    assert found["net"]["sessions_better"] == 8


def test_a_reference_that_was_chosen_is_compared_with_too(samples, planted, median):
    models = [planted("a", (5.0, 0.0)), planted("b", (6.0, 0.0))]
    content = judge(samples, models, median, EvaluateOptions(reference="b"))
    assert content["compared_with"] == ["train_median", "b"]
    found = next(e for e in content["comparisons"] if (e["model"], e["against"]) == ("a", "b"))
    assert found["mean"] == pytest.approx(-1.0)
    with pytest.raises(
        InputError, match="no model 'c' to compare with; tested are train_median, a, b"
    ):
        judge(samples, models, median, EvaluateOptions(reference="c"))


def test_skill_is_what_is_taken_away_of_the_train_medians_error(samples, planted, median):
    content = judge(samples, [planted("net", (10.0, 0.0))], median)
    constant = content["by_name"]["train_median"]["location"]["all"]["px"]["mean"]
    net = content["by_name"]["net"]
    assert net["skill"]["train_median"]["skill"] == pytest.approx(1 - 10.0 / constant)
    assert content["by_name"]["train_median"]["skill"]["train_median"]["skill"] == pytest.approx(0)


def test_the_interval_is_students_over_sessions(samples, planted, median):
    content = judge(samples, [planted("net")], median)
    px = content["by_name"]["train_median"]["location"]["all"]["px"]
    means = [each["mean_error_px"] for each in content["by_name"]["train_median"]["sessions"]]
    half = stats.t.ppf(0.975, 7) * np.std(means, ddof=1) / np.sqrt(8)
    assert px["high"] - px["mean"] == pytest.approx(half)
    assert px["bootstrap"] is None


def test_stated_uncertainty_is_judged_where_it_is_stated(samples, planted, median):
    sure = planted("sure", (100.0, 0.0), cov_px2=(1.0, 0.0, 1.0))
    content = judge(samples, [sure, planted("silent")], median)
    stated = content["by_name"]["sure"]["uncertainty"]["stated"]
    assert stated["region_coverage"]["0.95"] == 0.0
    assert content["by_name"]["silent"]["uncertainty"] is None


def test_a_model_of_angles_alone_has_no_place_among_locations(samples, planted, median):
    angles = planted("angles", move_deg=(1.0, 0.0), answers=lambda s: np.zeros(len(s), bool))
    content = judge(samples, [angles, planted("net", (5.0, 0.0))], median)
    assert [each["name"] for each in content["angle_only_models"]] == ["angles"]
    assert "angles" not in content["by_name"]
    assert content["data"]["common_frames"] == 216
    assert content["angle_only_models"][0]["angle"]["own"]["frames"]["mae_azimuth_deg"] == (
        pytest.approx(1.0)
    )


def test_one_session_gives_no_interval_and_says_so(planted, median, samples):
    one = samples.take(samples.session_id == "s0")
    entrant = Entrant(name="net", predictor=planted("net").predictor)
    entrant.predictor.truth = one
    content = judge(one, [entrant], median)
    assert content["by_name"]["net"]["location"]["all"]["px"]["low"] is None
    assert any("no interval can be given" in text for text in content["warnings"])
    assert {cell["standing"] for cell in content["by_name"]["net"]["subgroups"]} == {"suppressed"}


def test_nothing_to_judge_is_refused_with_the_reasons(samples):
    blind = samples.take(samples.blink)
    with pytest.raises(InputError, match="8 because eyes are closed"):
        choose_frames(blind, EvaluateOptions())
