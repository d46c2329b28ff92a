"""The whole analysis: files, numbers, and what a study too small for an answer is told."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from dashgaze.analysis.contract.finding import TableOfRows
from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.presentation import AnalyzeOptions, analyze
from dashgaze.analysis.presentation.headline import headlines
from dashgaze.analysis.presentation.material import material_of
from dashgaze.analysis.presentation.page import _table
from dashgaze.analysis.presentation.section_run import (
    SectionMaker,
    SectionResult,
    all_sections,
    run_sections,
)
from dashgaze.errors import InputError, OutputError

QUICK = AnalyzeOptions(repeats=19)


@pytest.fixture(scope="module")
def report(packed_labels, tmp_path_factory):
    """A whole report on six sessions of half a minute."""
    return analyze(packed_labels, QUICK, tmp_path_factory.mktemp("out") / "analysis").parent


def numbers(folder):
    return json.loads((folder / "numbers.json").read_text(encoding="utf-8"))


def answers(study: Study):
    """Run all sections without drawing; give the verdicts and findings by key."""
    material = material_of(study, QUICK)
    results = [
        SectionResult(section=maker.make(material), figures=()) for maker in all_sections(material)
    ]
    return {row.key: row for row in headlines(results)}


def study(*sessions) -> Study:
    return Study(
        title="made", version="1.0.0", digest="0" * 64, simulated=False, sessions=tuple(sessions)
    )


def test_all_files_are_there_and_every_figure_twice(report):
    assert {each.name for each in report.iterdir()} == {
        "report.html",
        "numbers.json",
        "methods.md",
        "figures",
    }
    content = numbers(report)
    files = {
        plot["file"]
        for each in content["sections"]
        for plot in each["plots"]
        if not plot["problem"]
    }
    made = {each.name for each in (report / "figures").iterdir()}
    assert files
    assert made == {f"{name}.{ending}" for name in files for ending in ("svg", "png")}


def test_the_page_needs_no_other_file_and_no_network(report):
    page = (report / "report.html").read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "http://" not in re.sub(r"data:[^\"]*", "", page).replace("http://www.w3.org", "")
    assert "<script" not in page


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.targets, self.without_alt = [], [], 0

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a" and given.get("href", "").startswith("#"):
            self.targets.append(given["href"][1:])
        if tag == "img" and not given.get("alt"):
            self.without_alt += 1


def test_pictures_have_words_and_links_have_places(report):
    page = _Page()
    page.feed((report / "report.html").read_text(encoding="utf-8"))
    assert page.without_alt == 0
    assert len(page.ids) == len(set(page.ids))
    assert set(page.targets) <= set(page.ids)


def test_simulated_data_are_called_so_on_top(report):
    page = (report / "report.html").read_text(encoding="utf-8")
    assert page.index("SIMULATED DATA") < page.index("<h1>")
    assert numbers(report)["data"]["simulated"] is True


def test_half_minutes_say_little_and_say_so(report):
    content = numbers(report)
    silent = [row for row in content["headline"] if row["verdict"] == "cannot"]
    assert silent
    assert all(row["words"] for row in silent)
    assert not [row for row in content["headline"] if row["verdict"] == "effect"]
    keys = {row["key"] for row in silent}
    assert {"objects.share", "spread.traffic", "mean_frames.road.sd"} <= keys


def test_every_number_of_the_table_is_in_the_file_with_what_it_was_made_of(report):
    content = numbers(report)
    assert content["schema"] == "dashgaze/analysis/1"
    assert len(content["data"]["digest"]) == 64
    assert content["options"]["repeats"] == 19
    assert content["versions"]["numpy"] == np.__version__
    told = {finding["key"] for each in content["sections"] for finding in each["findings"]}
    assert {row["key"] for row in content["headline"]} == told


def test_a_report_is_never_written_over_but_with_force(report, packed_labels, tmp_path):
    with pytest.raises(OutputError, match="nothing is ever overwritten"):
        analyze(packed_labels, QUICK, report)
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds letter\.txt"):
        analyze(packed_labels, QUICK, tmp_path, force=True)
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_a_former_report_stays_if_the_new_one_fails(report, tmp_path):
    before = (report / "numbers.json").read_bytes()
    with pytest.raises(InputError):
        analyze(tmp_path, QUICK, report, force=True)
    assert (report / "numbers.json").read_bytes() == before
    assert not report.with_name(f"{report.name}.new").exists()


def test_what_was_given_beside_the_data_is_checked_before_anything_is_written(
    packed_labels, tmp_path
):
    with pytest.raises(InputError, match="is not there"):
        AnalyzeOptions(boxes=tmp_path / "boxes.csv")
    with pytest.raises(InputError, match="no files of boxes"):
        analyze(packed_labels, AnalyzeOptions(boxes=tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="no session 'nobody'"):
        analyze(packed_labels, AnalyzeOptions(sessions=("nobody",)), tmp_path / "out")


def test_a_section_that_fails_says_why_and_others_go_on(made_study, tmp_path):
    def broken(material):
        raise InputError("The shard is damaged.", fix="Copy it again.")

    def faulty(material):
        raise RuntimeError("a fault of ours")

    material = material_of(study(made_study.plain_session(90)), QUICK)
    maker = SectionMaker(key="broken", title="Broken", question="What is it?", make=broken)
    (result,) = run_sections((maker,), material, tmp_path)
    assert "damaged" in result.problem
    assert result.section.findings[0].cannot_say == "The shard is damaged. Copy it again."
    maker = SectionMaker(key="faulty", title="Faulty", question="What is it?", make=faulty)
    with pytest.raises(RuntimeError):
        run_sections((maker,), material, tmp_path)


def test_one_session_describes_itself_and_nothing_else(made_study):
    found = answers(made_study.study_of(sessions=1, minutes=2.0, drivers=1))
    assert {row.verdict for row in found.values()} <= {"cannot", "descriptive"}


def test_without_speed_nothing_is_said_of_speed(made_study):
    given = [
        made_study.plain_session(
            session_id=f"s{number}",
            driver_id=f"D{number}",
            speed_m_s=np.full(3000, np.nan),
            known=frozenset({"worn", "blink", "saccade", "fixation_id"}),
        )
        for number in range(6)
    ]
    found = answers(study(*given))
    assert found["spread.speed.slope"].verdict == "cannot"


def test_where_it_was_always_night_nothing_is_said_of_day(made_study):
    given = [
        made_study.plain_session(session_id=f"s{number}", driver_id=f"D{number}", lighting="night")
        for number in range(6)
    ]
    found = answers(study(*given))
    assert found["spread.lighting.night"].verdict == "cannot"


def test_without_gaze_every_question_has_a_reason(made_study):
    nowhere = made_study.plain_session(
        900, gaze_road_px=np.full((900, 2), np.nan), gaze_in_view=np.zeros(900, dtype=bool)
    )
    found = answers(study(nowhere))
    assert found["gaze_on_road.outside"].verdict == "cannot"
    assert found["vanishing_point.offset_right"].words
    assert not [row for row in found.values() if row.verdict in ("effect", "open")]


def test_a_table_of_thousands_is_cut_in_the_page_with_a_word():
    rows = tuple((f"session_{number:04d}", number / 3) for number in range(1234))
    long = TableOfRows(name="by_session", caption="Each.", columns=("session", "x"), rows=rows)
    shown = _table(long)
    assert len(shown.rows) == 1000
    assert shown.caption == "Each. The first 1,000 of 1,234 rows; all are in numbers.json."
    whole = _table(replace(long, rows=rows[:1000]))
    assert len(whole.rows) == 1000
    assert whole.caption == "Each."
