"""What of the road view is not the road: the bonnet, dirt on the windscreen, a clock in the picture.

It keeps its place while everything else changes from one part of a drive to the next, and would be
matched as a plane of its own.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

FEWEST_PICTURES = 8
"""Pictures from all over a drive that are needed to tell what never changes."""

MAX_SHARE = 0.4
"""If more than this part of the picture never changes, the car stood still, and nothing is masked."""

_BLOCK_PX = 12
_DETAIL_SIGMA_PX = 6.0
_LASTING = 0.6
"""Part of a block's detail that all pictures share, from which on it is static."""

_LEAST_DETAIL = 2.0
_GROWTH_PX = 9


def static_parts(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8] | None:
    """Find where the picture never changes.

    Only what touches the border is taken: far hills stay the same for a while as well, and are what
    matching lives on.

    Parameters
    ----------
    pictures
        Road pictures from all over the drive, of one size (h, w).

    Returns
    -------
    NDArray[np.uint8] or None
        255 where features may lie, 0 on static parts, shape (h, w). None where nothing is static, or it
        can't be told.
    """
    if len(pictures) < FEWEST_PICTURES:
        return None
    details = np.stack([_detail(each) for each in pictures])
    lasting = _blocks(details.mean(axis=0) ** 2)
    whole = _blocks((details**2).mean(axis=0))
    # chance leaves a share of 1/n in the mean of n pictures
    chance = 1 / len(pictures)
    share = (lasting / np.maximum(whole, 1e-6) - chance) / (1 - chance)
    static = (share > _LASTING) & (whole > _LEAST_DETAIL**2)
    if static.mean() > MAX_SHARE:
        return None
    closed = cv2.morphologyEx(
        static.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), dtype=np.uint8)
    )
    bordering = _touching_border(np.asarray(closed, dtype=np.uint8))
    if not bordering.any():
        return None
    height, width = pictures[0].shape
    mask = cv2.resize(bordering, (width, height), interpolation=cv2.INTER_NEAREST)
    grown = cv2.dilate(mask, np.ones((_GROWTH_PX, _GROWTH_PX), dtype=np.uint8))
    return np.where(grown > 0, 0, 255).astype(np.uint8)


def _detail(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give what differs from the surroundings, whatever the light."""
    bright = picture.astype(np.float32)
    detail = bright - cv2.GaussianBlur(bright, (0, 0), _DETAIL_SIGMA_PX)
    return np.asarray(detail, dtype=np.float32)


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average over blocks; those at the right and lower border take what is left over."""
    height, width = values.shape
    size = max(1, width // _BLOCK_PX), max(1, height // _BLOCK_PX)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _touching_border(static: NDArray[np.uint8]) -> NDArray[np.uint8]:
    count, labels = cv2.connectedComponents(static)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    kept = np.isin(labels, np.setdiff1d(np.arange(count), [0])) & np.isin(
        labels, border[border > 0]
    )
    return kept.astype(np.uint8)
