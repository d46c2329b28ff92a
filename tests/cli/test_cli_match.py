"""``dashgaze match``: what it prints, draws and exits with."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

KEYS = {
    "verdict",
    "reason",
    "detail",
    "b_from_a",
    "inlier_count",
    "match_count",
    "feature_count_a",
    "feature_count_b",
    "sigma_px",
    "error_px",
}
B_FROM_A = np.array([[1.03, -0.05, 12.0], [0.06, 0.98, -9.0], [3e-5, 2e-5, 1.0]])
WIDTH, HEIGHT = 480, 360


def texture(seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH), 128, np.uint8)
    for _ in range(150):
        x, y, size = (int(number) for number in rng.integers(0, (WIDTH, HEIGHT, 40)))
        shape = (x, y), (x + size, y + size // 2)
        cv2.rectangle(picture, *shape, int(rng.integers(256)), cv2.FILLED)
    return cv2.GaussianBlur(picture, None, 0.8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    pictures = {
        "a": texture(1),
        "b": cv2.warpPerspective(texture(1), B_FROM_A, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC),
        "other": texture(2),
        "flat": np.full((HEIGHT, WIDTH), 90, np.uint8),
    }
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    (folder / "text.png").write_text("not a picture\n", encoding="utf-8")
    return folder


def test_prints_the_map(run, folder):
    result = run("match", folder / "a.png", folder / "b.png")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["ok"]
    assert lines[1][0] == "b_from_a"
    matrix = np.array([lines[1][1:], lines[2], lines[3]], float)
    np.testing.assert_allclose(matrix[:, 2], B_FROM_A[:, 2], atol=0.7)
    np.testing.assert_allclose(matrix[:2, :2], B_FROM_A[:2, :2], atol=3e-3)
    assert matrix[2, 2] == 1
    inliers, matches = int(lines[4][1]), int(lines[4][3])
    assert " ".join(lines[4]).startswith(f"inliers {inliers} of {matches} matches (")
    assert 50 < inliers <= matches
    assert (lines[5][0], lines[5][2]) == ("noise", "px")
    assert (lines[6][0], lines[6][2]) == ("error", "px")
    assert 0 < float(lines[6][1]) < float(lines[5][1]) < 2
    assert len(lines) == 7


def test_json_is_one_object(run_json, folder):
    code, content = run_json("match", folder / "a.png", folder / "b.png")
    assert code == 0
    assert set(content) == KEYS
    assert (content["verdict"], content["reason"], content["detail"]) == ("ok", None, None)
    assert np.shape(content["b_from_a"]) == (3, 3)
    assert content["b_from_a"][2][2] == 1.0
    np.testing.assert_allclose(content["b_from_a"], B_FROM_A, atol=0.7)
    assert 50 < content["inlier_count"] <= content["match_count"]
    assert content["match_count"] <= content["feature_count_a"] <= 1000
    assert content["match_count"] <= content["feature_count_b"] <= 1000
    assert 0 < content["error_px"] < content["sigma_px"] < 2


def test_unrelated_pictures_are_refused(run, run_json, folder):
    result = run("match", folder / "a.png", folder / "other.png")
    assert (result.exit_code, result.stderr) == (4, "")
    code, content = run_json("match", folder / "a.png", folder / "other.png")
    assert code == 4
    assert set(content) == KEYS
    assert content["verdict"] == "refused"
    assert content["reason"] in ("no_consensus", "too_few_matches")
    for name in ("b_from_a", "inlier_count", "sigma_px", "error_px"):
        assert content[name] is None
    counts = "{match_count} matches ({feature_count_a} and {feature_count_b} features)"
    assert result.stdout.splitlines() == [
        "refused",
        f"  {content['reason']}: {content['detail']}",
        f"  matches   {counts.format(**content)}",
    ]


def test_a_flat_picture_is_refused(run, folder):
    result = run("match", folder / "flat.png", folder / "a.png")
    assert result.exit_code == 4
    assert "too_few_matches: 0 matches, at least 12 are needed" in result.stdout


@pytest.mark.parametrize(("other", "code"), [("b.png", 0), ("other.png", 4)])
def test_draws(run, run_json, folder, tmp_path, other, code):
    out = tmp_path / "new" / "drawn.png"
    result = run("match", folder / "a.png", folder / other, "--draw", out)
    assert result.exit_code == code
    assert result.stdout.splitlines()[-1] == f"  drawn to {out}"
    drawn = cv2.imread(str(out))
    assert drawn.shape[0] > HEIGHT
    assert drawn.shape[1] > 2 * WIDTH
    assert (np.ptp(drawn, axis=2).max() > 100) == (code == 0)  # coloured lines
    assert [each.name for each in out.parent.iterdir()] == ["drawn.png"]
    # one object on stdout all the same
    assert run_json("match", folder / "a.png", folder / other, "--draw", out)[0] == code


def test_hands_its_options_on(run, stand_in):
    calls = []

    class Result:
        verdict = "refused"

        def to_json(self):
            return {}

    def match(*pair, **named):
        calls.append((*map(str, pair), named))
        return Result()

    stand_in("dashgaze.stages.match", match=match)
    assert run("match", "a", "b", "--json").exit_code == 4
    run("match", "a", "b", "--json", "--features", 5000, "--seed", 3, "--draw", "c.png")
    assert calls == [
        ("a", "b", {"feature_count": 1000, "seed": 0, "drawing": None}),
        ("a", "b", {"feature_count": 5000, "seed": 3, "drawing": Path("c.png")}),
    ]


def test_its_limits_are_those_of_the_library(run, stand_in):
    from dashgaze.stages.match import FEATURE_COUNT, FEWEST_FEATURES, MOST_FEATURES

    assert (FEWEST_FEATURES, FEATURE_COUNT, MOST_FEATURES) == (50, 1000, 20_000)
    stand_in("dashgaze.stages.match", match=None)
    for option in (("--features", 49), ("--features", 20_001), ("--seed", -1), ("--seed", 2**64)):
        assert run("match", "a", "b", *option).exit_code == 2


@pytest.mark.parametrize(
    ("pair", "draw", "culprit", "told"),
    [
        (("none.png", "a.png"), "out.png", "none.png", "does not exist"),
        (("a.png", "text.png"), "out.png", "text.png", "is not a picture that can be read"),
        (("a.png", "."), "out.png", ".", "is a folder"),
        (("a.png", "b.png"), "out.gif", "out.gif", "its name ends in .gif, and .png or .jpg"),
        (("a.png", "b.png"), "text.png/out.png", "text.png/out.png", "can't be written"),
        (("a.png", "b.png"), "b.png", "b.png", "take the place of the picture"),
    ],
)
def test_a_mistake_is_told_once(run, run_json, folder, monkeypatch, pair, draw, culprit, told):
    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = run("match", *pair, "--draw", draw)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert culprit in result.stderr
    assert told in result.stderr
    code, content = run_json("match", *pair, "--draw", draw)
    assert code == 1
    assert content["error"]["path"] == culprit
    assert content["error"]["fix"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_help_warns_of_distortion(run):
    assert "undistort" in run("match", "--help").stdout
