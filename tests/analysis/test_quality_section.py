import numpy as np
import pytest

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.quality import Accuracy, QualityOptions, data_quality, methods_text
from dashgaze.analysis.study.opening import open_study
from dashgaze.analysis.study.packed_dataset import open_dataset
from dashgaze.schemas.about import About


def study_with(sessions) -> Study:
    return Study(
        title="Drives", version="1.0.0", digest="ab" * 32, simulated=False, sessions=tuple(sessions)
    )


@pytest.fixture(scope="module")
def section(label_study):
    return data_quality(label_study, {})


def finding(section, key):
    return next(each for each in section.findings if each.key == key)


def test_accuracy_that_nobody_measured_is_said_to_be_so(section) -> None:
    found = finding(section, "quality.accuracy")
    assert found.estimate is None
    assert "not measured" in found.cannot_say


def test_losses_of_all_causes_and_what_is_usable_make_one(section) -> None:
    table = next(each for each in section.tables if each.name == "quality_losses")
    assert len(table.rows) == 12
    for row in table.rows:
        assert sum(value for value in row[1:] if value is not None) == pytest.approx(100, abs=0.05)


def test_means_are_over_sessions_with_intervals_and_never_below_zero(section) -> None:
    usable = finding(section, "quality.usable").estimate
    assert usable.sessions == 12
    assert 0 < usable.low < usable.value < usable.high <= 1
    blinks = finding(section, "quality.loss.blink").estimate
    assert 0 <= blinks.low <= blinks.value
    assert not finding(section, "quality.usable").tests


def test_raw_samples_that_are_not_at_hand_are_not_made_up(section) -> None:
    for key in ("quality.rate.samples", "quality.precision.samples.rms"):
        assert finding(section, key).estimate is None
        assert "not at hand" in finding(section, key).cannot_say


def test_frames_give_precision_near_what_was_simulated(section) -> None:
    found = finding(section, "quality.precision.frames.rms").estimate
    assert 0.02 < found.value < 1.5
    assert found.unit == "deg"


def test_composition_counts_sessions_and_minutes(made_study) -> None:
    sessions = [
        made_study.plain_session(
            1801 * (1 + place), session_id=f"s{place}", driver_id=f"d{place}", weather=weather
        )
        for place, weather in enumerate(("rain", "rain", None))
    ]
    study = study_with(sessions)
    section = data_quality(study, {})
    rows = next(each for each in section.tables if each.name == "composition").rows
    assert [row for row in rows if row[0] == "weather"] == [
        ("weather", "rain", 2, 2, 3.0),
        ("weather", "not stated", 1, 1, 3.0),
    ]
    assert "3 sessions, 3 drivers, 6 minutes" in section.plots[0].caption


def test_the_figure_of_the_composition_is_drawn_at_page_width(section, tmp_path) -> None:
    sheet = section.plots[0].draw()
    assert sheet.get_size_inches()[0] * 25.4 == pytest.approx(180)
    sheet.savefig(tmp_path / "composition.png", dpi=60)
    sheet.savefig(tmp_path / "composition.svg")


def test_measured_accuracy_is_averaged_over_sessions(made_study) -> None:
    sessions = [
        made_study.plain_session(600, session_id=f"s{place}", driver_id=f"d{place}")
        for place in range(6)
    ]
    accuracy = {
        f"s{place}": Accuracy(error_deg=2.0 + place, scatter_deg=None, targets=5)
        for place in range(5)
    }
    found = finding(
        data_quality(study_with(sessions), {}, QualityOptions(accuracy=accuracy)),
        "quality.accuracy",
    )
    assert found.estimate.value == pytest.approx(4.0)
    assert found.estimate.low < 4 < found.estimate.high
    assert "Unknown in 1 of 6 sessions." in found.caveats


def test_an_empty_study_gives_reasons_and_no_numbers() -> None:
    section = data_quality(study_with([]), {})
    assert all(each.cannot_say for each in section.findings)
    assert "0 drivers in 0 sessions" in methods_text(study_with([]), {})


def test_packed_samples_tell_rate_gaps_and_who_wore_no_glasses(packed_labels) -> None:
    dataset = open_dataset(packed_labels)
    study = open_study(packed_labels)
    section = data_quality(study, {}, QualityOptions(dataset=dataset))
    if all(dataset.shard("gaze", name) is None for name in dataset.rows):
        assert "not at hand" in finding(section, "quality.rate.samples").cannot_say
    else:
        assert finding(section, "quality.rate.samples").estimate.value > 20
    assert finding(section, "quality.loss.no_sample").estimate is not None


def test_raw_samples_are_measured_where_they_are_packed(made_study) -> None:
    import pyarrow as pa

    from dashgaze.analysis.quality.precision import raw_samples

    class Packed:
        def table(self, config, session_id, columns=None):
            time_s = np.arange(4000) / 200
            time_s[2000:] += 3.0
            return pa.table(
                {
                    "time_ns": (time_s * 1e9).astype(np.int64),
                    "gaze_azimuth_deg": np.tile([0.1, -0.1], 2000),
                    "gaze_elevation_deg": np.zeros(4000),
                    "worn": np.ones(4000, bool),
                    "blink_id": pa.nulls(4000, pa.int32()),
                    "fixation_id": np.repeat(np.arange(40, dtype=np.int32), 100),
                }
            )

    found = raw_samples(Packed(), "s", 0.3)
    assert found.usual_hz == pytest.approx(200)
    assert found.rate_hz == pytest.approx(3999 / 22.995)
    assert found.longest_gap_s == pytest.approx(3.005)
    assert found.precision.rms_deg == pytest.approx(0.2)


def test_methods_are_filled_and_gaps_stay_visible(label_study) -> None:
    text = methods_text(label_study, {})
    assert "12 sessions" in text
    assert "**The sessions are simulated." in text
    assert "TODO:** accuracy was not measured" in text
    assert "TODO:** what drivers were told" in text
    assert "Gaze of a frame counted with: a scene picture" in text
    assert "{{" not in text
    assert "None" not in text
    assert ".." not in text


def test_methods_take_what_people_told(label_study) -> None:
    about = About.model_validate(
        {
            "schema": "dashgaze/about/1",
            "instructions": "Drive as you always do.",
            "country": "Norway",
        }
    )
    accuracy = {
        session.session_id: Accuracy(error_deg=3.5, scatter_deg=1.0, targets=5)
        for session in label_study.sessions
    }
    text = methods_text(label_study, {}, QualityOptions(accuracy=accuracy), about=about)
    assert "- Instruction: Drive as you always do.\n" in text
    assert "- Country: Norway." in text
    assert "Accuracy at known targets: 3.5 deg (95 % interval 3.5 to 3.5, 12 sessions" in text


def test_methods_name_sessions_that_were_left_out(packed_labels) -> None:
    text = methods_text(
        open_study(packed_labels), {}, QualityOptions(dataset=open_dataset(packed_labels))
    )
    assert "Recorded sessions that are not in the data set: 0." in text
    assert "The data set was packed with dashgaze" in text
