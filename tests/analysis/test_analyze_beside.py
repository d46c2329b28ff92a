"""What is given beside a data set: about.yaml, measured accuracy, the tracker's error."""

import json

import numpy as np
import pytest

from dashgaze.analysis.contract.finding import Estimate, Finding, Section, Test
from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.objects.box_traffic import traffic_of_boxes
from dashgaze.analysis.objects.boxes import ObjectBoxes
from dashgaze.analysis.objects.placing import place_boxes
from dashgaze.analysis.presentation import AnalyzeOptions, analyze
from dashgaze.analysis.presentation.beside import (
    about_of_study,
    labelled_boxes,
    quality_options,
)
from dashgaze.analysis.presentation.gaze_on_road import road_gaze
from dashgaze.analysis.presentation.headline import headlines
from dashgaze.analysis.presentation.material import material_of
from dashgaze.analysis.presentation.section_run import SectionResult, all_sections
from dashgaze.analysis.study.packed_dataset import open_dataset
from dashgaze.errors import InputError


def material(made_study, **options):
    session = made_study.plain_session(600)
    study = Study(title="made", version="1", digest="0", simulated=False, sessions=(session,))
    return material_of(study, AnalyzeOptions(**options))


def measured(folder, name):
    place = folder / name / "field"
    place.mkdir(parents=True)
    content = {"verdict": "ok", "unit": "deg", "offset": [3.0, 4.0], "scatter": None, "used": 5}
    (place / "gaze_offset.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_about_is_that_which_was_given_else_that_of_the_data_set(
    made_study, packed_labels, tmp_path
):
    path = tmp_path / "about.yaml"
    path.write_text("schema: dashgaze/about/1\nrecruitment: By mail.\n", encoding="utf-8")
    assert about_of_study(material(made_study, about=path)).recruitment == "By mail."
    assert about_of_study(material(made_study)) is None
    packed = material_of(
        material(made_study).study, AnalyzeOptions(), dataset=open_dataset(packed_labels)
    )
    assert about_of_study(packed).licence == "CC-BY-NC-4.0"


def test_measured_accuracy_gets_to_the_account_of_quality(made_study, tmp_path):
    given = material(made_study, accuracy=measured(tmp_path, "session_001"))
    assert quality_options(given).accuracy["session_001"].error_deg == pytest.approx(5.0)
    maker = next(each for each in all_sections(given) if each.key == "quality")
    found = {each.key: each for each in maker.make(given).findings}
    assert found["quality.accuracy"].estimate.value == pytest.approx(5.0)


def test_accuracy_of_other_sessions_or_of_none_is_refused(made_study, tmp_path):
    foreign = material(made_study, accuracy=measured(tmp_path / "a", "session_777"))
    with pytest.raises(InputError, match="session_777"):
        quality_options(foreign)
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="measured offset"):
        quality_options(material(made_study, accuracy=tmp_path / "b"))


def test_nothing_is_made_where_about_can_not_be_read(packed_labels, tmp_path):
    path = tmp_path / "about.yaml"
    path.write_text("schema: dashgaze/about/1\nrecruited: By mail.\n", encoding="utf-8")
    with pytest.raises(InputError, match="about"):
        analyze(packed_labels, AnalyzeOptions(about=path), tmp_path / "analysis")
    assert not (tmp_path / "analysis").exists()


@pytest.mark.parametrize("error_deg", [0.0, -1.0, 31.0, float("nan")])
def test_an_impossible_tracker_error_is_refused(error_deg):
    with pytest.raises(InputError, match="eye tracker"):
        AnalyzeOptions(tracker_error_deg=error_deg)


def test_what_means_no_effect_can_be_something_else_than_none():
    estimate = Estimate(value=0.53, low=0.48, high=0.59, sessions=8, drivers=8)
    tests = (Test(p=0.2, null="chance"),)
    finding = Finding(key="a", question="?", estimate=estimate, tests=tests, neutral=0.5)
    result = SectionResult(section=Section(key="s", title="S", findings=(finding,)), figures=())
    assert "The interval holds 0.5" in headlines([result])[0].words


def test_auto_rickshaws_make_traffic_however_they_are_written(made_study):
    count = 900
    session = made_study.plain_session(count)
    rows = np.repeat(np.arange(count), 2)
    boxes = ObjectBoxes(
        session_id="session_001",
        clock="frame_index",
        moment=np.arange(count, dtype=np.float64),
        picture=rows,
        corners_px=np.tile([[100.0, 300, 200, 400], [500, 300, 600, 400]], (count, 1)),
        kind=np.tile(["auto_rickshaw", "Auto Rickshaw"], count),
        score=np.ones(2 * count),
        track_id=np.tile([0, 1], count),
        size_px=(1280, 720),
    )
    level = traffic_of_boxes(place_boxes(boxes, session), session).level
    assert (level == 1).all()


def test_a_short_cloud_of_gaze_is_blurred_more_than_a_long_one(made_study):
    short = road_gaze("short", [made_study.plain_session(600)])
    long = road_gaze("long", [made_study.plain_session(60 * 60 * 5, fps=5)])
    assert short.density.max() < 0.5 * long.density.max()
    assert short.density.sum() == pytest.approx(long.density.sum(), rel=1e-3)


def test_maps_of_other_data_are_refused_before_anything_is_read(packed_labels, tmp_path):
    (tmp_path / "maps" / "session_777").mkdir(parents=True)
    with pytest.raises(InputError, match="no maps"):
        analyze(packed_labels, AnalyzeOptions(saliency=tmp_path / "maps"), tmp_path / "analysis")
    assert not (tmp_path / "analysis").exists()


@pytest.mark.parametrize("clock", ["frame_index", "road_frame_index"])
def test_boxes_say_what_saliency_maps_are_on_by_frames_of_the_road_video(packed_labels, clock):
    dataset = open_dataset(packed_labels)
    name = next(iter(dataset.rows))
    session = dataset.session(name)
    road = dataset.table("frames", name, ["road_frame_index"]).column(0).to_numpy()
    rows = np.array([100, 200])
    moment = rows if clock == "frame_index" else road[rows]
    boxes = ObjectBoxes(
        session_id=name,
        clock=clock,
        moment=np.asarray(moment, dtype=np.float64),
        picture=np.array([0, 1]),
        corners_px=np.array([[100.0, 300, 200, 400], [500, 300, 600, 400]]),
        kind=np.array(["car", "bus"]),
        score=np.ones(2),
        track_id=np.array([0, 1]),
        size_px=session.road_size_px,
    )
    placed = place_boxes(boxes, session, road_frame_index=np.asarray(road, dtype=np.float64))
    study = Study(title="made", version="1", digest="0", simulated=False, sessions=(session,))
    given = material_of(study, AnalyzeOptions(), dataset=dataset, boxes={name: placed})
    found = labelled_boxes(given)[name]
    assert found.road_frame_index.tolist() == road[rows].tolist()
    assert found.label.tolist() == ["car", "bus"]
    assert found.box_px.tolist() == boxes.corners_px.tolist()
