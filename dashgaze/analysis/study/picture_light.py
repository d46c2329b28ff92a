"""How bright road pictures are: a check on what is said of the light, never its source."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..contract.study import FloatArray

Look = Literal["bright", "dark", "unclear"]

SKY_ROWS, SKY_COLUMNS = (0.0, 0.35), (0.2, 0.8)
"""Part of the picture that is looked at: where the sky is, as shares of height and width."""

BLACK_LUMA = 16
BRIGHT_SKY, DARK_SKY = 90.0, 50.0
MUCH_BLACK = 0.35
FEWEST_PICTURES = 5
TUNNEL_S = 3.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureLight:
    """Brightness of n road pictures.

    Attributes
    ----------
    sky_luma
        Median luma of the upper middle, 0 … 255, shape (n,).
    black_share
        Share of pixels of the whole picture that are nearly black, shape (n,).
    """

    sky_luma: FloatArray
    black_share: FloatArray

    def __len__(self) -> int:
        return len(self.sky_luma)

    @property
    def looks(self) -> tuple[Look, ...]:
        """What each picture looks like."""
        return tuple(
            _look(sky, black) for sky, black in zip(self.sky_luma, self.black_share, strict=True)
        )

    @property
    def look(self) -> Look | None:
        """What the session looks like by its medians; None with fewer than five that could be read."""
        if np.count_nonzero(np.isfinite(self.sky_luma)) < FEWEST_PICTURES:
            return None
        return _look(float(np.nanmedian(self.sky_luma)), float(np.nanmedian(self.black_share)))


def picture_light(pictures: Iterable[NDArray[np.uint8] | bytes]) -> PictureLight:
    """Measure pictures; NaN for those that can't be decoded.

    Phones set their exposure by themselves: a lit street at night is not black, and a tunnel by day is. So a
    picture is bright only if its sky is (median luma above 90), dark if it is not (below 50) or if more
    than 35 % of it is nearly black; the rest is unclear.

    Parameters
    ----------
    pictures
        Grey (height, width) or colour (height, width, 3) arrays, or encoded pictures as ``images`` has them.
    """
    sky, black = [], []
    for picture in pictures:
        grey = _grey(picture)
        if grey is None:
            sky.append(np.nan)
            black.append(np.nan)
            continue
        height, width = grey.shape
        part = grey[
            round(SKY_ROWS[0] * height) : max(round(SKY_ROWS[1] * height), 1),
            round(SKY_COLUMNS[0] * width) : max(round(SKY_COLUMNS[1] * width), 1),
        ]
        sky.append(float(np.median(part)))
        black.append(float(np.mean(grey < BLACK_LUMA)))
    return PictureLight(sky_luma=np.array(sky), black_share=np.array(black))


def tunnels(light: PictureLight, time_s: FloatArray) -> tuple[tuple[float, float], ...]:
    """Give start and end of stretches of at least 3 s in a bright drive whose pictures are dark.

    Parameters
    ----------
    light
        Of pictures in order of time.
    time_s
        Their times, shape (n,), s.
    """
    found = []
    start: float | None = None
    for look, at_s in zip(light.looks, time_s, strict=True):
        if look == "dark":
            start = float(at_s) if start is None else start
            end = float(at_s)
        elif start is not None:
            if end - start >= TUNNEL_S:
                found.append((start, end))
            start = None
    if start is not None and end - start >= TUNNEL_S:
        found.append((start, end))
    return tuple(found)


def _look(sky_luma: float, black_share: float) -> Look:
    if sky_luma < DARK_SKY or black_share > MUCH_BLACK:
        return "dark"
    return "bright" if sky_luma > BRIGHT_SKY else "unclear"


def _grey(picture: NDArray[np.uint8] | bytes) -> NDArray[np.uint8] | None:
    if isinstance(picture, bytes):
        import cv2

        if not picture:
            return None
        decoded = cv2.imdecode(np.frombuffer(picture, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        return None if decoded is None else np.asarray(decoded, dtype=np.uint8)
    if picture.ndim == 2:
        return picture
    # BT.601, as video has it
    return np.asarray(picture[..., :3] @ (0.299, 0.587, 0.114), dtype=np.uint8)
