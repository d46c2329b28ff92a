"""``dashgaze sync``, ``frames`` and ``offset``: what they hand on, print and exit with."""

import dataclasses
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.alignment.sync import SyncOptions
from dashgaze.schemas.time_map import Evidence, SecondWitness, Segment, TimeMapDocument

MANIFEST = """\
schema: dashgaze/session/1
session_id: s01
phone:
  road: phone/road.mp4
eye_tracker:
  kind: neon
  path: eye_tracker
"""


def segment(start_s, end_s, offset_s, **changes):
    values = {
        "phone_start_s": start_s,
        "phone_end_s": end_s,
        "offset_s": offset_s,
        "drift_ppm": 20.0,
        "offset_se_ms": 0.3,
        "drift_se_ppm": 2.0,
    }
    return Segment(**values | changes)


def document(verdict, segments=(), reasons=(), **evidence):
    return TimeMapDocument(
        verdict=verdict,
        reasons=reasons,
        segments=segments,
        evidence=Evidence(
            **dict.fromkeys(Evidence.model_fields)
            | {"method": "sound", "windows_total": 0, "windows_used": 0}
            | evidence
        ),
        inputs={},
        options={},
        versions={},
    )


@pytest.fixture
def drive(tmp_path):
    (tmp_path / "session.yaml").write_text(MANIFEST, encoding="utf-8")
    return tmp_path


@pytest.fixture
def sync_gives(stand_in):
    """Let the sync stage write a document; give the calls it gets."""

    def give(result):
        calls = []

        def sync(session, options, **named):
            calls.append((session, options, named))
            path = session.derived / "time_map.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(result.model_dump_json(by_alias=True), encoding="utf-8")
            return path

        stand_in("dashgaze.stages.sync", sync=sync)
        return calls

    return give


class TestSync:
    @pytest.mark.parametrize(("verdict", "code"), [("ok", 0), ("doubtful", 3), ("failed", 4)])
    def test_exits_with_the_verdict(self, run, run_json, drive, sync_gives, verdict, code):
        segments = () if verdict == "failed" else (segment(0, 100, 1.5),)
        sync_gives(document(verdict, segments, ("It rained.",)))
        result = run("sync", drive)
        assert result.exit_code == code
        assert result.stdout.startswith(f"{verdict}\n  It rained.\n")
        assert run_json("sync", drive)[0] == code

    def test_prints_the_offset_at_mid_drive(self, run, drive, sync_gives):
        witness = SecondWitness(method="envelope", disagreement_ms=-3.2, strength=9.0, agrees=True)
        sync_gives(
            document(
                "ok",
                (segment(0, 100, 1.5),),
                windows_total=40,
                windows_used=38,
                residual_mad_ms=0.52,
                second_witness=witness,
                driver_disagreement_ms=12.34,
                wall_clock_disagreement_s=-4.0,
            )
        )
        lines = run("sync", drive).stdout.splitlines()
        # 1.5 s and 20 ppm of 50 s
        assert lines[1] == "  offset     1501.0 ± 0.3 ms at mid-drive (50.0 s of the road video)"
        assert lines[2] == "  drift      20.00 ± 2.00 ppm"
        assert lines[3] == "  windows    38 of 40 support it, scatter 0.5 ms"
        assert lines[4] == "  witness    envelope: agrees (-3.2 ms from it)"
        assert lines[5] == "  driver     its sound is +12.3 ms from the road's"
        assert lines[6] == "  clocks     the wall clocks are -4.0 s from it"
        assert lines[7] == f"  written to {drive / 'derived' / 'time_map.json'}"

    def test_takes_the_segment_of_mid_drive(self, run, drive, sync_gives):
        segments = (
            segment(0, 40, 1.0),
            segment(40, 200, 2.0, drift_ppm=0.0, offset_se_ms=3.0, drift_se_ppm=200.0),
        )
        sync_gives(document("ok", segments))
        # Mid-drive is 100 s, 20 s before the middle of the segment: hypot(3, 0.2 · 20) = 5 ms.
        assert "  offset     2000.0 ± 5.0 ms at mid-drive (100.0 s" in run("sync", drive).stdout

    def test_says_so_if_an_error_is_not_known(self, run, drive, sync_gives):
        manual = segment(0, 100, 1.5, offset_se_ms=None, drift_se_ppm=None)
        sync_gives(document("ok", (manual,), method="manual"))
        assert "1501.0 ± unknown ms" in run("sync", drive).stdout

    def test_json_is_the_document(self, run_json, drive, sync_gives):
        expected = document("ok", (segment(0, 100, 1.5),))
        sync_gives(expected)
        content = run_json("sync", drive)[1]
        assert content.pop("path") == str(drive / "derived" / "time_map.json")
        assert content == json.loads(expected.model_dump_json(by_alias=True))

    def test_hands_its_options_on(self, run, drive, sync_gives):
        calls = sync_gives(document("failed"))
        run("sync", drive)
        run("sync", drive, "--search-s", 30, "--max-drift-ppm", 50, "--force")
        run("sync", drive, "--manual-offset", -2.5, "--manual-drift-ppm", 12)
        plain, searching, manual = calls
        assert plain[0].manifest.session_id == "s01"
        assert plain[1] == SyncOptions()
        assert {**plain[2], "progress": None} == {
            "force": False,
            "manual_offset_s": None,
            "manual_drift_ppm": 0.0,
            "progress": None,
        }
        assert searching[1] == SyncOptions(search_s=30, max_drift_ppm=50)
        assert searching[2]["force"] is True
        assert (manual[2]["manual_offset_s"], manual[2]["manual_drift_ppm"]) == (-2.5, 12)

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--search-s", 0],
            ["--max-drift-ppm", 2000],
            ["--max-drift-ppm", 0],
            ["--manual-drift-ppm", 3],
        ],
    )
    def test_impossible_options_are_usage_errors(self, run, drive, sync_gives, arguments):
        calls = sync_gives(document("failed"))
        assert run("sync", drive, *arguments).exit_code == 2
        assert calls == []


class TestFrames:
    def test_tells_how_many(self, run, run_json, drive, stand_in):
        calls = []

        def frames(session, **named):
            calls.append(named["force"])
            path = session.root / "frames.parquet"
            pq.write_table(pa.table({"frame_index": [0, 1, 2]}), path)
            return path

        stand_in("dashgaze.stages.frames", frames=frames)
        result = run("frames", drive)
        assert (result.exit_code, result.stdout) == (
            0,
            f"3 frames in {drive / 'frames.parquet'}\n",
        )
        code, content = run_json("frames", drive, "--force")
        assert (code, content) == (0, {"path": str(drive / "frames.parquet"), "rows": 3})
        assert calls == [False, True]


@dataclasses.dataclass(frozen=True)
class Result:
    verdict: str = "ok"
    offset_s: float | None = 12.34567
    drift_ppm: float | None = 1.5
    offset_se_ms: float | None = 0.4
    drift_se_ppm: float | None = None
    reasons: tuple[str, ...] = ()

    def to_json(self):
        return dataclasses.asdict(self)


class TestOffset:
    @pytest.fixture
    def offset_gives(self, stand_in):
        def give(result):
            calls = []

            def offset(a, b, *, options, progress):
                calls.append((a, b, options))
                return result

            stand_in("dashgaze.stages.offset", offset=offset)
            return calls

        return give

    def test_prints_it(self, run, tmp_path, offset_gives):
        calls = offset_gives(Result())
        result = run("offset", tmp_path / "a", tmp_path / "b", "--search-s", 5)
        assert result.exit_code == 0
        assert result.stdout == "ok\n  offset  12.3457 ± 0.0004 s\n  drift   1.50 ± unknown ppm\n"
        assert calls == [(tmp_path / "a", tmp_path / "b", SyncOptions(search_s=5))]

    def test_as_json(self, run_json, offset_gives):
        offset_gives(Result(verdict="doubtful"))
        code, content = run_json("offset", "a", "b")
        assert code == 3
        assert content["offset_s"] == 12.34567

    def test_without_a_result(self, run, run_json, offset_gives):
        offset_gives(Result(verdict="failed", offset_s=None, drift_ppm=None, reasons=("Silence.",)))
        result = run("offset", "a", "b")
        assert (result.exit_code, result.stdout) == (4, "failed\n  Silence.\n")
        assert run_json("offset", "a", "b") == (
            4,
            json.loads(
                json.dumps(
                    Result(
                        verdict="failed", offset_s=None, drift_ppm=None, reasons=("Silence.",)
                    ).to_json()
                )
            ),
        )
