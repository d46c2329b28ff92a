"""Canonical image saliency: how much each place of a face moves an answer, drawn on the plain face.

For every visible point of the plain face, a small square around it is covered in the picture, and how far the
answer moves is added to a square of the same size in millimetres on the canonical face, wherever the head
is and however it is turned. Sums are divided by the number of squares on each pixel, because projected points
crowd at the edge of a face.

The published algorithm leaves the size of the square on the canonical face open (here: same millimetres),
prints a product where it means the quotient, runs one index too far, and keeps points that the camera does not see.

References
----------
John, V. T., Balasubramanian, V. N., Jawahar, C. V.: Canonical saliency maps: decoding deep face models. IEEE
T-BIOM 3(4), 2021, doi:10.1109/TBIOM.2021.3120758.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PICTURE_SIZES_PX, PictureName

from .accumulation import density_normalised
from .chosen_frames import Frames, rows_of
from .covering import answer_covered, windows_around
from .displacement import Head, apart, truth_of
from .face_posing import PosedFace, pose_face
from .face_surface import PICTURE_SIZE_PX, FaceSurface
from .names import PATCH_PX, Fill, InputName
from .picture_places import PicturePlace, picture_place

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceEffects:
    """What covering each visible place of one face does to the answers.

    Attributes
    ----------
    points
        Points of the `FaceSurface` that were covered, shape (k,).
    moved
        By head, how far the answer moved, shape (k,), px or degrees.
    worsened
        By head, how much the error grew, shape (k,); NaN where the truth is unknown.
    side_mm
        Width and height of what was covered, on the face.
    """

    points: NDArray[np.int64]
    moved: Mapping[Head, FloatArray]
    worsened: Mapping[Head, FloatArray]
    side_mm: tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class LaidFace:
    """The plain face laid over one frame, and how its pictures lie.

    Attributes
    ----------
    pose
        In the driver picture.
    places
        How each picture that is covered lies in the driver picture.
    sizes_px
        Width and height of these.
    side_mm
        Width and height of the covered square on the face.
    """

    pose: PosedFace
    places: Mapping[PictureName, PicturePlace]
    sizes_px: Mapping[PictureName, tuple[int, int]]
    side_mm: tuple[float, float]

    def windows(self, points: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """Give the squares around points of the face, by picture."""
        found: dict[str, NDArray[np.int64]] = {}
        for name, place in self.places.items():
            sides = tuple(
                side * self.pose.px_per_mm * scale
                for side, scale in zip(self.side_mm, place.scale, strict=True)
            )
            seen = place.points_px(self.pose.points_px[points])
            found[name] = windows_around(seen, (sides[0], sides[1]), self.sizes_px[name])
        return found

    @property
    def covered_points(self) -> NDArray[np.int64]:
        """Points that are visible and lie in one of the pictures, shape (k,)."""
        visible = np.flatnonzero(self.pose.visible).astype(np.int64)
        inside = np.zeros(len(visible), dtype=np.bool_)
        for each in self.windows(visible).values():
            inside |= (each[:, 2] > each[:, 0]) & (each[:, 3] > each[:, 1])
        return visible[inside]


def lay_face(
    network: GazeNetwork,
    frames: Frames,
    row: int,
    surface: FaceSurface,
    name: InputName,
    *,
    patch_px: float = PATCH_PX,
) -> LaidFace | None:
    """Lay the plain face over a frame.

    Parameters
    ----------
    network
        Says which pictures it takes, and how large.
    frames, row
        The frame.
    surface
        The plain face.
    name
        What is covered. With ``all`` a square has the millimetres that it has in the face's picture.
    patch_px
        Side of the covered square in a picture as the data set has it; smaller ones have smaller squares.

    Returns
    -------
    LaidFace or None
        None if no pose explains the landmarks, or the pictures' places are unknown.
    """
    samples = frames.samples
    driver_px = tuple(int(each) for each in samples.driver_size_px[row])
    pose = pose_face(
        surface,
        samples.landmarks_px[row],
        (driver_px[0], driver_px[1]),
        samples.head_pose_deg[row],
    )
    sizes = network.picture_sizes_px
    names = list(sizes) if name == "all" else [name]
    places = {each: picture_place(samples, row, each, sizes[each]) for each in names}
    known = {each: place for each, place in places.items() if place is not None}
    if pose is None or len(known) < len(places):
        return None
    measure: PictureName = names[0] if name != "all" else "face" if "face" in sizes else names[0]
    stored_px = PICTURE_SIZES_PX[measure]
    sides = tuple(
        patch_px * now / stored / (scale * pose.px_per_mm)
        for now, stored, scale in zip(sizes[measure], stored_px, known[measure].scale, strict=True)
    )
    return LaidFace(
        pose=pose,
        places=known,
        sizes_px={each: sizes[each] for each in names},
        side_mm=(sides[0], sides[1]),
    )


def face_effects(
    network: GazeNetwork,
    frames: Frames,
    row: int,
    surface: FaceSurface,
    name: InputName = "face",
    *,
    fill: Fill = "mean",
    patch_px: float = PATCH_PX,
    every: int = 1,
    batch_size: int = 128,
) -> FaceEffects | None:
    """Cover each visible place of one face.

    Parameters
    ----------
    network
        In evaluation mode.
    frames, row
        The frame.
    surface
        The plain face.
    name, patch_px
        What is covered, see `lay_face`.
    fill
        With what.
    every
        Cover one of so many points: a coarser map in less time.
    batch_size
        Versions of the frame computed at a time.

    Returns
    -------
    FaceEffects or None
        None if the plain face can't be laid over this one.
    """
    laid = lay_face(network, frames, row, surface, name, patch_px=patch_px)
    if laid is None:
        return None
    points = laid.covered_points[::every]
    if len(points) == 0:
        return None
    rows = np.array([row], dtype=np.int64)
    own, moved = answer_covered(
        network,
        rows_of(frames.batch, rows),
        frames.samples.road_size_px[row],
        laid.windows(points),
        fill,
        batch_size=batch_size,
    )
    truths = {head: truth_of(frames.samples, head)[row] for head in own.heads}
    return FaceEffects(
        points=points,
        moved={head: apart(moved.of(head), own.of(head)[0], head) for head in own.heads},
        worsened={
            head: apart(moved.of(head), truths[head], head)
            - apart(own.of(head), truths[head], head)
            for head in own.heads
        },
        side_mm=laid.side_mm,
    )


def canonical_map(surface: FaceSurface, effects: FaceEffects, scores: FloatArray) -> FloatArray:
    """Draw scores of covered places on the plain face.

    Parameters
    ----------
    surface
        The plain face.
    effects
        What was covered.
    scores
        One for each covered point, shape (k,).

    Returns
    -------
    ndarray
        The canonical picture, shape (height, width), a pixel is a millimetre; NaN where nothing was covered.
    """
    # A point that the camera sees may lie at the edge of the canonical picture, never beyond it.
    windows = windows_around(surface.frontal_px[effects.points], effects.side_mm, PICTURE_SIZE_PX)
    return density_normalised(windows, scores, PICTURE_SIZE_PX)
