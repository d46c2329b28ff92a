"""Two pictures of one scene: the planted homography, its error, and refusals."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from dashgaze.alignment.homography import estimate_homography
from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.errors import InputError, OutputError
from dashgaze.stages.match import LONGEST_PX, MatchResult, match
from dashgaze.stages.match_drawing import (
    BORDER_BGR,
    CAPTION_PX,
    GAP_PX,
    INLIER_BGR,
    MOST_LINES,
    draw_match,
)

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 640, 480
B_FROM_A = np.array([[0.97, -0.09, 31.4], [0.08, 1.02, -17.3], [4e-5, -6e-5, 1.0]])


def texture(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """Give smooth noise with discs and boxes."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=(height, width)), None, 4.0)
    picture = np.clip(128 + 25 * noise / noise.std(), 0, 255).astype(np.uint8)
    for _ in range(width * height // 4000):
        x, y = rng.integers(0, (width, height)).tolist()
        size, grey = int(rng.integers(4, 22)), int(rng.integers(0, 256))
        if rng.random() < 0.5:
            cv2.circle(picture, (x, y), size, grey, cv2.FILLED, cv2.LINE_AA)
        else:
            cv2.rectangle(picture, (x, y), (x + size, y + size // 2 + 3), grey, cv2.FILLED)
    return cv2.GaussianBlur(picture, None, 0.8)


def warped(picture: Picture, b_from_a: NDArray[np.float64], size: tuple[int, int]) -> Picture:
    return cv2.warpPerspective(picture, b_from_a, size, flags=cv2.INTER_CUBIC)


def noisy(picture: Picture, seed: int) -> Picture:
    noise = np.random.default_rng(seed).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def written(path: Path, picture: Picture) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return path


def corners(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.float64]:
    return np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], float)


def mapped(b_from_a: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    return cv2.perspectiveTransform(points[None], b_from_a)[0]


def apart_px(result: MatchResult, truth: NDArray[np.float64], points=None) -> float:
    assert result.verdict == "ok", result.detail
    points = corners() if points is None else points
    away = mapped(result.b_from_a, points) - mapped(truth, points)
    return float(np.hypot(*away.T).max())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def a(folder: Path) -> Path:
    return written(folder / "a.png", texture(1))


@pytest.fixture(scope="module")
def b(folder: Path) -> Path:
    return written(folder / "b é.png", noisy(warped(texture(1), B_FROM_A, (WIDTH, HEIGHT)), 5))


@pytest.fixture(scope="module")
def other(folder: Path) -> Path:
    return written(folder / "other.png", texture(2))


@pytest.fixture(scope="module")
def found(a: Path, b: Path) -> MatchResult:
    return match(a, b)


@pytest.fixture(scope="module")
def drawn(a: Path, b: Path, folder: Path) -> Picture:
    match(a, b, drawing=folder / "drawn.png")
    return cv2.imread(str(folder / "drawn.png"))


class TestTruth:
    def test_a_planted_homography_is_recovered(self, found: MatchResult) -> None:
        assert apart_px(found, B_FROM_A) < 0.5
        assert found.b_from_a[2, 2] == 1.0
        assert (found.reason, found.detail) == (None, None)

    def test_its_counts_fit_together(self, found: MatchResult) -> None:
        assert 100 < found.inlier_count <= found.match_count
        assert found.match_count <= min(found.feature_count_a, found.feature_count_b) <= 1000
        assert found.a_px.shape == found.b_px.shape == (found.match_count, 2)
        assert np.count_nonzero(found.inlier_probability > 0.5) == found.inlier_count

    def test_inliers_are_matches_of_one_place(self, found: MatchResult) -> None:
        good = found.inlier_probability > 0.5
        away = np.hypot(*(found.b_px - mapped(B_FROM_A, found.a_px)).T)
        assert np.median(away[good]) < 4 * found.sigma_px  # those of coarse levels among them
        assert away[good].max() < 10 < away[~good].max()

    def test_the_error_is_that_of_many_trials(self, folder: Path) -> None:
        """Another scene, shift and noise each time: the middle is off by the error that is told."""
        errors = []
        middle = np.array([[(WIDTH - 1) / 2, (HEIGHT - 1) / 2]])
        for seed in range(100, 112):
            shift = np.array([[1, 0, 0.37 * seed % 5], [0, 1, -0.61 * seed % 5], [0, 0, 1]])
            truth, scene = shift @ B_FROM_A, texture(seed)
            view = noisy(warped(scene, truth, (WIDTH, HEIGHT)), seed)
            pair = written(folder / "trial_a.png", scene), written(folder / "trial_b.png", view)
            result = match(*pair, feature_count=300)
            away = mapped(result.b_from_a, middle) - mapped(truth, middle)
            errors.append(away / result.error_px)
        assert 0.65 < np.sqrt(np.mean(np.square(errors))) < 1.5

    def test_a_picture_is_itself(self, a: Path) -> None:
        result = match(a, a)
        assert apart_px(result, np.eye(3)) < 0.05
        assert result.inlier_count > 0.95 * result.match_count

    def test_the_other_way_round_is_the_inverse(self, a: Path, b: Path) -> None:
        inverse = np.linalg.inv(B_FROM_A)
        assert apart_px(match(b, a), inverse / inverse[2, 2]) < 0.7

    def test_a_large_picture_is_matched_to_a_small_one(self, folder: Path, b: Path) -> None:
        """Features of large pictures are looked for in reduced ones; px are those of the file."""
        factor = 5
        assert factor * WIDTH > 1.5 * LONGEST_PX
        large = cv2.resize(texture(1), None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        a_from_large = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, factor]]) / factor
        a_from_large[:2, 2] -= 0.5
        result = match(written(folder / "large.png", large), b)
        points = corners(factor * WIDTH, factor * HEIGHT)
        assert apart_px(result, B_FROM_A @ a_from_large, points) < 1.5
        back = match(b, folder / "large.png")
        assert apart_px(back, np.linalg.inv(B_FROM_A @ a_from_large)) < 1.5 * factor
        # the error of the one is that of the other, in larger pixels or smaller ones
        assert 0.6 * factor < back.error_px / result.error_px < 1.6 * factor

    def test_more_features_are_found_if_asked_for(self, a: Path, b: Path) -> None:
        few, many = match(a, b, feature_count=60), match(a, b, feature_count=3000)
        assert few.feature_count_a < 100 < many.feature_count_a
        assert many.error_px < few.error_px


class TestRepeats:
    def test_equal_seeds_give_equal_results(self, a: Path, b: Path, found: MatchResult) -> None:
        assert match(a, b).to_json() == found.to_json()
        assert match(a, b, seed=7).to_json() == match(a, b, seed=7).to_json()

    def test_the_estimator_gets_the_seed_and_the_noise(
        self, folder: Path, a: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A pixel of a reduced picture is several of its file."""
        calls = []

        def estimate(*args, **named):
            calls.append(named)
            return estimate_homography(*args, **named)

        monkeypatch.setattr("dashgaze.stages.match.estimate_homography", estimate)
        wide = written(folder / "wide.png", texture(4, 4 * LONGEST_PX, 400))
        match(a, wide, seed=2**64 - 1)
        match(wide, a)
        assert [call["seed"] for call in calls] == [2**64 - 1, 0]
        options = [call["options"] for call in calls]
        assert [each.sigma_px for each in options] == [4.0, 1.0]
        assert [each.source_noise_ratio for each in options] == [0.25, 4.0]
        assert {each.min_iterations for each in options} == {1000}


class TestRefusals:
    def test_unrelated_pictures(self, a: Path, other: Path) -> None:
        result = match(a, other)
        assert (result.verdict, result.reason) == ("refused", "no_consensus")
        assert str(result.match_count) in result.detail
        assert result.feature_count_b > 500
        assert not result.inlier_probability.any()

    @pytest.mark.parametrize("shape", [(HEIGHT, WIDTH), (1, 1), (2, 3000), (41, 41), (40, 500)])
    def test_flat_and_tiny_pictures(self, folder: Path, a: Path, shape: tuple[int, int]) -> None:
        flat = written(folder / "flat.png", np.full(shape, 128, np.uint8))
        for result in (match(a, flat), match(flat, a), match(flat, flat)):
            assert (result.verdict, result.reason) == ("refused", "too_few_matches")
            assert result.detail == "0 matches, at least 12 are needed"
        assert match(a, flat).feature_count_b == 0

    @pytest.mark.parametrize("shape", [(1, 1), (2, 3000), (30, 30)])
    def test_tiny_pictures_full_of_detail(self, folder: Path, a: Path, shape) -> None:
        speck = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        assert match(a, written(folder / "speck.png", speck)).verdict == "refused"

    def test_a_mirror_image(self, folder: Path, a: Path) -> None:
        # symmetric things look alike in a mirror; the picture as a whole must not match it
        mirrored = written(folder / "mirrored.png", np.ascontiguousarray(texture(1)[:, ::-1]))
        assert match(a, mirrored).verdict == "refused"

    def test_what_is_missing_is_null(self, a: Path, other: Path) -> None:
        content = match(a, other).to_json()
        empty = {name for name, value in content.items() if value is None}
        assert empty == {"b_from_a", "inlier_count", "sigma_px", "error_px"}


class TestFiles:
    def test_colour_is_read_as_grey(self, folder: Path, b: Path, found: MatchResult) -> None:
        colour = cv2.cvtColor(texture(1), cv2.COLOR_GRAY2BGR)
        result = match(written(folder / "colour.png", colour), b)
        assert result.to_json() == found.to_json()

    def test_hues_matter_by_their_brightness(self, folder: Path, b: Path) -> None:
        """A blue picture is darker than its numbers: its pattern counts, not a channel."""
        tinted = texture(1)[:, :, None] * np.array([0.9, 0.6, 0.4])
        tinted = written(folder / "tinted.png", tinted.astype(np.uint8))
        assert apart_px(match(tinted, b), B_FROM_A) < 0.7

    @pytest.mark.parametrize("suffix", [".jpg", ".bmp", ".tif", ".webp"])
    def test_formats(self, folder: Path, b: Path, suffix: str) -> None:
        result = match(written(folder / f"a{suffix}", texture(1)), b)
        assert apart_px(result, B_FROM_A) < 0.7

    def test_sixteen_bits_and_transparency(self, folder: Path, b: Path) -> None:
        deep = written(folder / "deep.png", texture(1).astype(np.uint16) * 257)
        clear = np.dstack([texture(1)] * 3 + [np.full((HEIGHT, WIDTH), 200, np.uint8)])
        clear = written(folder / "clear.png", clear)
        for path in (deep, clear):
            assert apart_px(match(path, b), B_FROM_A) < 0.7

    def test_a_picture_lies_as_its_exif_says(self, folder: Path, b: Path) -> None:
        """Stored lying on its side, with the note to turn it by 90° clockwise."""
        lying = cv2.rotate(texture(1), cv2.ROTATE_90_COUNTERCLOCKWISE)
        code = cv2.imencode(".jpg", lying, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
        tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
        note = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
        path = folder / "turned.jpg"
        path.write_bytes(code[:2] + note + code[2:])
        assert apart_px(match(path, b), B_FROM_A) < 0.7


class TestErrors:
    def test_no_such_file(self, a: Path, folder: Path) -> None:
        with pytest.raises(InputError, match=r"none\.png does not exist"):
            match(a, folder / "none.png")

    def test_a_folder(self, a: Path, folder: Path) -> None:
        with pytest.raises(InputError, match="is a folder; a picture was expected"):
            match(folder, a)

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "is empty"),
            (b"speed,time\n1,2\n" * 50, "is not a picture that can be read"),
            (b"\0\0\0\x18ftypheic" + bytes(100), "is a HEIC picture"),
            (b"BM" + b"\xff" * 500, "is not a picture|is damaged"),
        ],
    )
    def test_what_is_no_picture(
        self, a: Path, tmp_path: Path, capfd, content: bytes, told: str
    ) -> None:
        path = tmp_path / "x.png"
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"x.png {told}") as caught:
            match(a, path)
        assert caught.value.path == path
        assert caught.value.fix
        assert capfd.readouterr() == ("", "")  # OpenCV says nothing beside

    @pytest.mark.parametrize("name", ["cut.png", "cut.jpg"])
    def test_a_picture_that_is_cut_off(self, a: Path, tmp_path: Path, name: str) -> None:
        code = cv2.imencode(Path(name).suffix, texture(1))[1].tobytes()
        (tmp_path / name).write_bytes(code[: len(code) // 2])
        with pytest.raises(InputError, match=f"{name} is not a picture that can be read; .*cut"):
            match(a, tmp_path / name)

    def test_a_video_says_how_to_take_a_picture_from_it(self, a: Path, tmp_path: Path) -> None:
        video = write_video(tmp_path / "road.mp4", times_s=np.arange(5) / 30)
        with pytest.raises(InputError, match=r"road\.mp4 is a video; .* ffmpeg -ss .*road\.mp4"):
            match(video, a)

    def test_too_large_a_picture(self, a: Path, tmp_path: Path) -> None:
        large = written(tmp_path / "large.png", np.zeros((8193, 8192), np.uint8))
        with pytest.raises(InputError, match=r"large\.png has 8192 × 8193 pixels; 67 megapixels"):
            match(large, a)

    def test_too_long_a_file_is_not_even_read(self, a: Path, tmp_path: Path) -> None:
        long = tmp_path / "long.png"
        with long.open("wb") as file:
            file.truncate(1 << 40)  # takes no room on the disk
        with pytest.raises(InputError, match=r"long\.png is not a picture that can be read"):
            match(a, long)

    @pytest.mark.parametrize("count", [49, 20_001])
    def test_a_count_out_of_range(self, a: Path, b: Path, count: int) -> None:
        with pytest.raises(ValueError, match=f"between 50 and 20000, not {count}"):
            match(a, b, feature_count=count)


def of_colour(drawn: Picture, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    return (np.abs(drawn.astype(int) - colour) < 12).all(axis=2)


class TestDrawing:
    def test_it_shows_both_pictures(self, drawn: Picture, a: Path, b: Path) -> None:
        assert drawn.shape == (HEIGHT + CAPTION_PX, 2 * WIDTH + GAP_PX, 3)
        grey = (np.ptp(drawn, axis=2) == 0)[:HEIGHT]
        for start, path in ((0, a), (WIDTH + GAP_PX, b)):
            here = slice(start, start + WIDTH)
            shown = drawn[:HEIGHT, here, 0][grey[:, here]]
            given = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)[grey[:, here]]
            assert np.corrcoef(shown, given)[0, 1] > 0.95

    def test_inliers_are_dots_in_both(self, drawn: Picture, found: MatchResult) -> None:
        blue = of_colour(drawn, INLIER_BGR)
        good = found.inlier_probability > 0.5
        for points in (found.a_px[good], found.b_px[good] + (WIDTH + GAP_PX, 0)):
            x, y = np.rint(points).astype(int).T
            assert blue[y, x].mean() > 0.95
        # between the pictures all is black but for the lines, whose edges are smooth
        between = drawn[:HEIGHT, WIDTH + GAP_PX // 2].astype(int)
        lines = np.count_nonzero(between[:, 0] - between[:, 2] > 40)
        assert 10 < lines <= 3 * MOST_LINES

    def test_the_border_of_a_lies_where_it_is_mapped_to(self, drawn: Picture) -> None:
        ends = corners(WIDTH + 1, HEIGHT + 1) - 0.5
        part = np.linspace(0, 1, 200)[:, None]
        truth = mapped(B_FROM_A, np.vstack([ends[:-1], np.roll(ends, -1, axis=0)[:-1]]))
        line = truth[:3, None] * (1 - part) + truth[3:, None] * part
        line = line.reshape(-1, 2)
        line = line[((line > 4) & (line < (WIDTH - 5, HEIGHT - 5))).all(axis=1)]
        assert len(line) > 200
        orange = of_colour(drawn, BORDER_BGR)[:HEIGHT, WIDTH + GAP_PX :]
        wide = cv2.dilate(orange.astype(np.uint8), np.ones((5, 5)))
        x, y = np.rint(line).astype(int).T
        assert wide[y, x].mean() > 0.9  # but where lines of matches cross it
        assert not of_colour(drawn, BORDER_BGR)[:, :WIDTH].any()

    def test_a_refusal_is_drawn_without_colour(self, a: Path, other: Path, tmp_path: Path) -> None:
        result = match(a, other, drawing=tmp_path / "refused.png")
        assert result.verdict == "refused"
        drawn = cv2.imread(str(tmp_path / "refused.png"))
        assert drawn.shape == (HEIGHT + CAPTION_PX, 2 * WIDTH + GAP_PX, 3)
        assert np.ptp(drawn, axis=2).max() == 0
        assert drawn[HEIGHT:].max() > 200  # the caption
        assert drawn[:HEIGHT, WIDTH : WIDTH + GAP_PX].max() > 0  # lines cross the gap

    def test_a_border_that_reaches_the_horizon_ends_there(self) -> None:
        """Neither what lies beyond the horizon is drawn nor what is too far for a number of pixels."""
        border = np.array([[20, 30], [70, 30], [np.nan, np.nan], [70, 60], [1e12, 60], [20, 60]])
        grey = np.full((100, 100), 60, np.uint8)
        drawn = draw_match(
            grey,
            grey,
            a_px=np.zeros((0, 2)),
            b_px=np.zeros((0, 2)),
            inlier=np.zeros(0, bool),
            border_px=border,
            caption="",
        )
        orange = of_colour(drawn, BORDER_BGR)[:, 100 + GAP_PX :]
        assert orange[30, 22:69].all()
        assert orange[32:59, 20].all()
        assert not orange[45:, 30:].any()
        assert not orange[:, 75:].any()

    def test_pictures_of_other_sizes(self, a: Path, folder: Path, tmp_path: Path) -> None:
        tall = written(folder / "tall.png", texture(3, 200, 3840))
        match(a, tall, drawing=tmp_path / "d.JPG")
        drawn = cv2.imread(str(tmp_path / "d.JPG"))
        assert drawn.shape == (1920 + CAPTION_PX, WIDTH // 2 + GAP_PX + 100, 3)

    def test_an_older_drawing_is_replaced(self, a: Path, tmp_path: Path) -> None:
        path = tmp_path / "é" / "d.png"
        match(a, a, drawing=path)
        first = path.read_bytes()
        path.write_bytes(b"old")
        match(a, a, drawing=path)
        assert path.read_bytes() == first
        assert [each.name for each in path.parent.iterdir()] == ["d.png"]

    @pytest.mark.parametrize("name", ["out.gif", "out", "out.png.txt", ".png"])
    def test_a_wrong_suffix(self, a: Path, b: Path, tmp_path: Path, name: str) -> None:
        with pytest.raises(InputError, match=r"\.png or \.jpg was expected") as caught:
            match(a, b, drawing=tmp_path / name)
        assert caught.value.path == tmp_path / name
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_is_a_file(self, a: Path, b: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"mine")
        with pytest.raises(OutputError, match=r"out\.png can't be written"):
            match(a, b, drawing=tmp_path / "file" / "out.png")
        assert (tmp_path / "file").read_bytes() == b"mine"

    def test_the_pictures_themselves_are_never_overwritten(self, b: Path, tmp_path: Path) -> None:
        path = written(tmp_path / "mine.png", texture(1))
        before = path.read_bytes()
        (tmp_path / "sub").mkdir()
        for pair in ((path, b), (b, path)):
            with pytest.raises(InputError, match=r"take the place of the picture .*mine\.png"):
                match(*pair, drawing=tmp_path / "sub" / ".." / "mine.png")
        assert path.read_bytes() == before
