"""The reports of whole sessions: done, half done, broken and hostile ones."""

import html
import json
import re
import shutil
import time
import tomllib
from pathlib import Path

import pytest

import dashgaze
from dashgaze.errors import InputError, ManifestError
from dashgaze.reports import ReportOptions, report
from dashgaze.session import open_session

SVG_NUMBER = re.compile(r"\b(?:nan|inf)\b")


def written(root, **options):
    page = report(open_session(root), **options)
    assert page == root / "derived" / "report.html"
    return page, page.read_text(encoding="utf-8")


def test_a_whole_drive(done, figures):
    start = time.perf_counter()
    page, text = written(done)
    assert time.perf_counter() - start < 15
    content = figures(page)
    assert content["schema"] == "dashgaze/report/1"
    assert content["verdict"] == "usable_with_flags"
    assert "SYNC-DOUBTFUL" in [reason["code"] for reason in content["reasons"]]
    assert content["frames"]["frame_count"] > 100
    assert content["sync"]["correlation"] is None  # four seconds in common are too little
    assert [pair["which"] for pair in content["pictures"]] == ["best", "median", "worst"]
    assert content["gaze_density"]["point_count"] > 30
    assert set(content["streams"]) == {"road", "driver", "world"}
    assert content["faces"] == {
        "visible_share": None,
        "note": "not measured: the faces stage has not run",
    }
    assert len(text.encode()) < 2_000_000
    assert text.count("data:image/jpeg;base64,") == 7  # two views at three moments, and the density
    assert not SVG_NUMBER.search(re.sub(r"<[^p][^>]*>|data:[^\"]*", "", text))


def test_the_page_needs_nothing_from_outside(done):
    _, text = written(done)
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", text)
    assert not re.search(r"@import|url\((?!#)", text)
    assert "default-src 'none'" in text


def test_nothing_of_this_machine_is_in_it(done):
    page, text = written(done)
    assert str(done.parent) not in text
    assert str(done.parent) not in page.with_name("report.json").read_text(encoding="utf-8")


def test_it_is_made_again_only_if_something_changed(done):
    page, _ = written(done)
    first = page.stat().st_mtime_ns
    assert report(open_session(done)).stat().st_mtime_ns == first
    assert report(open_session(done), ReportOptions(listen=False)).stat().st_mtime_ns != first
    again = report(open_session(done)).stat().st_mtime_ns
    assert report(open_session(done), force=True).stat().st_mtime_ns != again
    page.write_text("spoilt", encoding="utf-8")
    assert report(open_session(done)).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_check_has_nothing_to_say_of_a_new_report(done):
    written(done)
    stale = [f for f in dashgaze.check(done).findings if f.code == "DERIVED-STALE"]
    assert stale == []


def test_nothing_is_written_but_the_report(done):
    before = {path: path.stat().st_mtime_ns for path in done.rglob("*") if path.is_file()}
    written(done)
    after = {path: path.stat().st_mtime_ns for path in done.rglob("*") if path.is_file()}
    assert {path.name for path in set(after) - set(before)} == {"report.html", "report.json"}
    assert {path: after[path] for path in before} == before


def test_a_raw_session_says_what_to_run(raw_session, figures):
    page, text = written(raw_session)
    content = figures(page)
    assert content["verdict"] is None
    assert content["sync"] is content["frames"] is content["align"] is None
    codes = [r["code"] for r in content["reasons"] if r["severity"] == "unknown"]
    assert codes == ["SYNC-NOT-RUN", "FRAMES-NOT-RUN", "ALIGN-NOT-RUN"]
    assert "Not yet known" in text
    assert "dashgaze sync tiny" in text
    assert "The two don&#39;t belong together" in text


def test_progress_is_told_and_does_not_go_back(done):
    told = []
    report(open_session(done), progress=lambda phase, share: told.append((phase, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("written", 1.0)
    assert {"decoding sound", "looking at the light", "taking pictures"} <= {
        name for name, _ in told
    }


def drop(*names):
    def spoil(root):
        for name in names:
            (root / "derived" / name).unlink()

    return spoil


def fail_sync(root):
    path = root / "derived" / "time_map.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content |= {"verdict": "failed", "segments": [], "reasons": ["Nothing was heard."]}
    path.write_text(json.dumps(content), encoding="utf-8")
    for each in (
        "frames.json",
        "frames.parquet",
        "gaze.parquet",
        "align.json",
        "homographies.parquet",
    ):
        (root / "derived" / each).unlink()


def cut_road(root):
    path = root / "phone" / "road.mp4"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def lose(*lines):
    def spoil(root):
        path = root / "session.yaml"
        kept = [
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if not line.strip().startswith(lines)
        ]
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")

    return spoil


def empty_tracker(root):
    shutil.rmtree(root / "eye_tracker")
    (root / "eye_tracker").mkdir()


def spoil_file(name, text="spoilt"):
    def spoil(root):
        (root / "derived" / name).write_text(text, encoding="utf-8")

    return spoil


FRAMES = ("frames.json", "frames.parquet", "gaze.parquet")
ALIGN = ("align.json", "homographies.parquet")


@pytest.mark.parametrize(
    ("spoil", "verdict", "says"),
    [
        (drop(*FRAMES, *ALIGN), None, "dashgaze frames"),
        (drop(*ALIGN), None, "dashgaze align"),
        (fail_sync, "redo", "Nothing was heard."),
        (cut_road, "redo", "phone/road.mp4 is an unfinished MP4"),
        (lose("driver: ", "location: "), "usable_with_flags", "the session has no location track"),
        (empty_tracker, None, "eye_tracker is no eye tracker recording"),
        (spoil_file("frames.parquet"), None, "frames.parquet can't be read"),
        (spoil_file("time_map.json", "{}"), None, "is not a time map"),
        (spoil_file("align.json"), None, "dashgaze align"),
        (lose("lighting: ", "car: "), "usable_with_flags", "which car it was"),
    ],
    ids=[
        "frames has not run", "align has not run", "sync failed", "road video cut", "no driver, no track",
        "no tracker", "frames spoilt", "time map spoilt", "align spoilt", "conditions missing",
    ],
)  # fmt: skip
def test_half_done_and_broken_sessions(done, figures, spoil, verdict, says):
    spoil(done)
    page, text = written(done)
    assert figures(page)["verdict"] == verdict
    assert says in html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")


def test_what_is_written_in_files_is_shown_as_text(done, figures):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
    manifest = done / "session.yaml"
    content = manifest.read_text(encoding="utf-8")
    line = "car: " + json.dumps(evil)
    manifest.write_text(
        re.sub(r"^car: .*$", lambda _: line, content, flags=re.MULTILINE), encoding="utf-8"
    )
    events = done / "eye_tracker" / "event.txt"
    count = len(events.read_text(encoding="utf-8").splitlines())
    events.write_text(f"{evil}\n" * count, encoding="utf-8")
    path = done / "derived" / "align.json"
    align = json.loads(path.read_text(encoding="utf-8"))
    align["summary"]["reasons"] = [evil]
    align["options"]["method"] = evil
    path.write_text(json.dumps(align), encoding="utf-8")
    page, text = written(done)
    assert "<script" not in text
    assert "<img src=x" not in text
    assert (
        text.count(
            html.escape(evil, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
        )
        >= 3
    )
    assert figures(page)["events"][0]["name"] == evil


def test_a_path_is_as_good_as_a_session(raw_session):
    assert dashgaze.report(raw_session) == raw_session / "derived" / "report.html"


def test_bad_input(tmp_path, raw_session):
    with pytest.raises(InputError, match="does not exist"):
        report(tmp_path / "none")
    with pytest.raises(InputError, match="is a file"):
        report(raw_session / "session.yaml")
    (raw_session / "session.yaml").write_text("wether: clear\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="unknown key 'wether'"):
        report(raw_session)


def test_templates_are_shipped():
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["package-data"]["dashgaze.reports"] == ["*.j2"]
    there = {
        path.name for path in (root / "dashgaze" / "reports").iterdir() if path.suffix != ".py"
    }
    assert there - {"__pycache__"} == {
        "index.html.j2",
        "parts.html.j2",
        "report.html.j2",
        "style.css.j2",
    }
