"""The pictures of one row: from the views, and from what the row says of face and gaze."""

import math
from collections.abc import Mapping
from typing import Any

from dashgaze.media.colour import ColourPicture

from .crops import Picture, eye_patch, face_square, patch_at, squeezed, thumbnail

DRIVER_COLUMNS = (
    "face_x_px",
    "face_y_px",
    "face_width_px",
    "face_height_px",
    "left_eye_x_px",
    "left_eye_y_px",
    "right_eye_x_px",
    "right_eye_y_px",
)
ROAD_COLUMNS = ("gaze_road_x_px", "gaze_road_y_px", "gaze_road_in_view")

Row = Mapping[str, Any]


def driver_pictures(picture: ColourPicture, row: Row, *, face: bool) -> dict[str, Picture]:
    """Make the pictures of the driver: the view, and face and eyes where these were found.

    Parameters
    ----------
    picture
        The driver view.
    row
        `DRIVER_COLUMNS` of the row.
    face
        Whether face and eyes may be shown.
    """
    made: dict[str, Picture | None] = {"driver": squeezed(picture)}
    if face:
        box = {name: _number(row[f"face_{name}_px"]) for name in ("x", "y", "width", "height")}
        made["face"] = face_square(
            picture,
            x_px=box["x"],
            y_px=box["y"],
            width_px=box["width"],
            height_px=box["height"],
        )
        left, right = _point(row, "left_eye"), _point(row, "right_eye")
        made["left_eye"] = eye_patch(picture, left, right, box_height_px=box["height"])
        made["right_eye"] = eye_patch(picture, right, left, box_height_px=box["height"])
    return _there(made)


def road_pictures(picture: ColourPicture, row: Row) -> dict[str, Picture]:
    """Make the pictures of the road: the view in small, and what lies around gaze if that is in view.

    Parameters
    ----------
    picture
        The road view.
    row
        `ROAD_COLUMNS` of the row.
    """
    made: dict[str, Picture | None] = {"road": thumbnail(picture)}
    if row["gaze_road_in_view"]:
        made["road_at_gaze"] = patch_at(picture, *_point(row, "gaze_road"))
    return _there(made)


def _there(made: Mapping[str, Picture | None]) -> dict[str, Picture]:
    return {name: picture for name, picture in made.items() if picture is not None}


def _point(row: Row, name: str) -> tuple[float, float]:
    return _number(row[f"{name}_x_px"]), _number(row[f"{name}_y_px"])


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
