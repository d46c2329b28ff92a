"""``dashgaze align``: what it hands on, prints and exits with."""

import json
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.cli import align as align_command
from dashgaze.cli import cores

FRAMES = 24


@pytest.fixture
def drive(short_drive, made_drive, tmp_path):
    """A recording of 24 ego frames, with the true clocks."""
    root = short_drive.copy_of(made_drive, tmp_path / "drive", ego_frames=FRAMES)
    short_drive.set_clocks(root)
    return root


def clocks(root, **changes):
    path = root / "derived" / "time_map.json"
    document = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(document), encoding="utf-8")


def summary(**changes):
    return {
        "verdict": "ok",
        "reasons": [],
        "frame_count": 100,
        "pair_count": 90,
        "direct_share": 0.8,
        "propagated_share": 0.15,
        "none_share": 0.05,
        "road_size_px": [1920, 1080],
        "none_reasons": {"no_road_frame": 10, "road_out_of_view": 5},
        "median_error_px": 1.234,
        "median_error_deg": 0.0425,
        "p95_error_px": 7.896,
        "median_inlier_count": 120.0,
        "road_focal_px": 1662.77,
        "road_focal_spread_px": 12.34,
        "gyro_gap_error_px": 3.0,
    } | changes


@pytest.fixture
def align_gives(stand_in, drive):
    """Let the stage give a summary; give the calls it gets."""
    from dashgaze.stages.align import AlignOptions

    def give(content):
        calls = []

        def align(session, options, **named):
            calls.append((session, options, named))
            return session.derived / "homographies.parquet"

        stand_in(
            "dashgaze.stages.align",
            align=align,
            AlignOptions=AlignOptions,
            read_summary=lambda derived: content,
        )
        return calls

    return give


class TestReally:
    def test_the_whole_way(self, run, run_json, drive):
        clocks(drive, verdict="ok", reasons=[])
        result = run("align", drive, "--workers", 1)
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0] == "ok"
        assert f"  frames     {FRAMES} of {FRAMES} have a road frame beside them" in lines
        assert "  matched    100.0% directly, 0.0% filled in, 0.0% not" in lines
        (lens,) = [each for each in lines if each.startswith("  road lens")]
        assert float(lens.split()[2]) == pytest.approx(554.26, rel=0.01)
        assert lines[-1] == f"  written to {drive / 'derived' / 'homographies.parquet'}"
        table = pq.read_table(drive / "derived" / "frames.parquet")
        assert set(table["homography_source"].to_pylist()) == {"direct"}
        # The same once more, as JSON, at once.
        code, content = run_json("align", drive, "--workers", 1)
        assert code == 0
        record = json.loads((drive / "derived" / "align.json").read_text(encoding="utf-8"))
        path = content.pop("path")
        assert path == str(drive / "derived" / "homographies.parquet")
        assert content == record["summary"]
        assert set(content) == set(summary())

    @pytest.mark.parametrize("method", ["chain", "paper"])
    def test_the_other_methods(self, run, drive, method):
        result = run("align", drive, "--workers", 1, "--method", method)
        assert result.exit_code == 3  # as the clocks were set by hand
        record = json.loads((drive / "derived" / "align.json").read_text(encoding="utf-8"))
        assert record["options"]["method"] == method
        source = pq.read_table(drive / "derived" / "homographies.parquet")["homography_source"]
        assert ("propagated" in source.to_pylist()) == (method == "paper")

    def test_clocks_that_are_not_aligned(self, run, run_json, drive):
        (drive / "derived" / "time_map.json").unlink()
        result = run("align", drive, "--workers", 1)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith("error: ")
        assert f"dashgaze sync {drive}" in result.stderr
        code, content = run_json("align", drive, "--workers", 1)
        assert code == 1
        assert content["error"]["type"] == "InputError"
        assert "dashgaze sync" in content["error"]["fix"]
        assert list((drive / "derived").iterdir()) == []

    def test_clocks_that_could_not_be_aligned(self, run, drive):
        clocks(drive, verdict="failed", segments=[])
        result = run("align", drive, "--workers", 1)
        assert result.exit_code == 1
        assert "--manual-offset" in result.stderr
        assert "--force" in result.stderr
        forced = run("align", drive, "--workers", 1, "--force")
        assert forced.exit_code == 4
        assert forced.stdout.startswith("failed\n")
        assert f"  frames     0 of {FRAMES} have a road frame" in forced.stdout
        assert f"{FRAMES} without a road frame at their time" in forced.stdout
        assert "matched" not in forced.stdout

    def test_recordings_that_do_not_overlap(self, run, short_drive, drive):
        short_drive.set_clocks(drive, later_s=3600.0)
        assert run("align", drive, "--workers", 1).exit_code == 4

    def test_progress_goes_to_stderr_only(self, short_drive, drive, capsys, monkeypatch):
        import typer

        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        with pytest.raises(typer.Exit) as ended:
            align_command.align_command(drive, workers=1, as_json=True)
        assert ended.value.exit_code == 3
        out, err = capsys.readouterr()
        assert json.loads(out)["verdict"] == "doubtful"
        assert "matching" in err

    def test_progress_only_rises(self, short_drive, drive):
        from dashgaze.session import open_session
        from dashgaze.stages.align import align

        reported = []
        align(
            open_session(drive),
            workers=1,
            progress=lambda name, part: reported.append((name, part)),
        )
        parts = np.array([part for _, part in reported])
        assert (np.diff(parts) >= -1e-9).all()
        assert parts[0] >= 0
        assert parts[-1] == 1
        assert len([name for name, _ in reported if name == "matching"]) > FRAMES / 2


class TestPrinting:
    @pytest.mark.parametrize(("verdict", "code"), [("ok", 0), ("doubtful", 3), ("failed", 4)])
    def test_exits_with_the_verdict(self, run, run_json, drive, align_gives, verdict, code):
        align_gives(summary(verdict=verdict, reasons=["It rained."]))
        result = run("align", drive)
        assert result.exit_code == code
        assert result.stdout.startswith(f"{verdict}\n  It rained.\n")
        assert run_json("align", drive)[0] == code

    def test_the_lines(self, run, drive, align_gives):
        align_gives(summary())
        assert run("align", drive).stdout.splitlines() == [
            "ok",
            "  frames     90 of 100 have a road frame beside them",
            "  matched    80.0% directly, 15.0% filled in, 5.0% not",
            "             10 without a road frame at their time",
            "             5 look away from the road",
            "  error      1.23 px (0.043°) in the median frame, 95 % below 7.90 px (1σ, predicted)",
            "  road lens  1662.8 px focal length, ± 12.3 px in single frames",
            f"  written to {drive / 'derived' / 'homographies.parquet'}",
        ]

    def test_what_is_not_known_is_not_printed(self, run, drive, align_gives):
        align_gives(
            summary(direct_share=None, median_error_px=None, road_focal_px=None, none_reasons={})
        )
        lines = run("align", drive).stdout.splitlines()
        assert [each.split()[0] for each in lines] == ["ok", "frames", "written"]

    def test_a_calibrated_lens_says_so(self, run, drive, align_gives):
        align_gives(summary(road_focal_spread_px=None))
        assert "  road lens  1662.8 px focal length, calibrated" in run("align", drive).stdout

    def test_every_reason_has_words(self):
        from dashgaze.alignment.solution import REASONS

        assert set(align_command.REASON_TEXTS) == set(REASONS)

    def test_hands_its_options_on(self, run, drive, align_gives):
        calls = align_gives(summary())
        run("align", drive)
        run("align", drive, "--workers", 3, "--method", "chain", "--max-error-deg", 0.2, "--force")
        (plain, options, named), (_, chosen, more) = calls
        assert plain.root == drive
        assert (options.method, options.max_hops, options.max_error_deg) == ("tracks", 75, 0.75)
        assert {**named, "progress": None} == {
            "workers": cores.core_count(),
            "force": False,
            "progress": None,
        }
        assert (chosen.method, chosen.max_error_deg) == ("chain", 0.2)
        assert (more["workers"], more["force"]) == (3, True)

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--workers", 0],
            ["--workers", -1],
            ["--method", "magic"],
            ["--max-error-deg", 0],
            ["--max-error-deg", 11],
        ],
    )
    def test_impossible_options_are_usage_errors(self, run, drive, align_gives, arguments):
        calls = align_gives(summary())
        assert run("align", drive, *arguments).exit_code == 2
        assert calls == []

    def test_a_folder_that_is_no_session(self, run, tmp_path):
        result = run("align", tmp_path / "nowhere")
        assert result.exit_code == 1
        assert "does not exist" in result.stderr
