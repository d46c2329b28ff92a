"""Which column of the published layout is which of ours."""

import re
from dataclasses import dataclass, replace

from dashgaze.schemas.dataset_tables import DATASET_FRAME_TABLE
from dashgaze.schemas.field import Table
from dashgaze.schemas.image_table import IMAGE_TABLE

_TURN = "As published: which way is positive is not documented."
_SIDE = "As published: whether left is the driver's or the picture's is not documented."


def _as_published(table: Table, name: str) -> Table:
    """Give a table of the same columns in which everything may be missing."""
    fields = []
    for field in table.fields:
        doubt = ""
        if field.name.startswith(("left_", "right_")):
            doubt = _SIDE
        elif field.name.startswith("head_") or field.name == "gaze_elevation_deg":
            doubt = _TURN
        meaning = f"{field.meaning} {doubt}".strip()
        fields.append(replace(field, nullable=True, meaning=meaning))
    return Table(
        name=name,
        version=table.version,
        meaning=f"{table.meaning} Read from a published data set: what that does not have is null.",
        fields=tuple(fields),
    )


PUBLISHED_FRAME_TABLE = _as_published(DATASET_FRAME_TABLE, "published_frames")
"""The columns of the configuration `frames`, all of which may be null."""

PUBLISHED_IMAGE_TABLE = _as_published(IMAGE_TABLE, "published_images")
"""The columns of the configuration `images`, all of which may be null."""

PICTURE_COLUMNS = {"img": "driver", "face": "face", "leye": "left_eye", "reye": "right_eye"}
"""Key in HDF5: column of `PUBLISHED_IMAGE_TABLE`."""

_MARKS = {
    "leye": "left_eye",
    "reye": "right_eye",
    "nose": "nose",
    "lmouth": "left_mouth",
    "rmouth": "right_mouth",
}

LABELS: dict[str, str] = {
    "dashgazex": "gaze_road_x_px",
    "dashgazey": "gaze_road_y_px",
    "azimuth": "gaze_azimuth_deg",
    "elevation": "gaze_elevation_deg",
    **{
        f"{mark}{axis}mark": f"{landmark}_{axis}_px"
        for mark, landmark in _MARKS.items()
        for axis in "xy"
    },
    **{f"{turn}new": f"head_{turn}_deg" for turn in ("yaw", "pitch", "roll")},
}
"""Name in CSV, without case, spacing and unit: column of `PUBLISHED_FRAME_TABLE`."""

_ALSO = {turn: f"{turn}new" for turn in ("yaw", "pitch", "roll")}

# Known, but of no certain meaning: a corner or the middle of a box whose size is not said.
UNPLACED = tuple(f"{part}{axis}" for part in ("face", "leye", "reye") for axis in "xy")

GROUPS: tuple[tuple[str, ...], ...] = (
    ("gaze_road_x_px", "gaze_road_y_px"),
    ("gaze_azimuth_deg", "gaze_elevation_deg"),
    *((f"{landmark}_x_px", f"{landmark}_y_px") for landmark in _MARKS.values()),
    ("head_yaw_deg", "head_pitch_deg", "head_roll_deg"),
)
"""Columns that are missing together."""

FRAME_NAMES = frozenset({"frame", "frameindex", "frameidx", "frameid", "frameno", "framenumber"})
SESSION_NAMES = frozenset({"session", "sessionid", "recording", "recordingid", "drive", "driveid"})
TIME_NAMES = frozenset({"timestamp", "time"})
_NS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
_UNITS = ("px", "deg", "rad", *_NS)


@dataclass(frozen=True)
class Header:
    """A column's header, taken apart.

    Attributes
    ----------
    text
        As it stands in the file.
    name
        Letters and digits in small, without the unit.
    unit
        Its unit; empty if none is said.
    """

    text: str
    name: str
    unit: str

    @property
    def ns_per_unit(self) -> float | None:
        """Give the nanoseconds of its unit of time; None if it says none."""
        return _NS.get(self.unit)


_LONGEST = 200


def read_header(text: str) -> Header:
    """Take a header apart.

    Examples
    --------
    >>> read_header("Dash_Gaze X [PX]")
    Header(text='Dash_Gaze X [PX]', name='dashgazex', unit='px')
    >>> read_header("azimuth_deg").name, read_header("yaw").name, read_header("Timestamp (ns)").unit
    ('azimuth', 'yawnew', 'ns')
    """
    # No column of the layout has a longer name, and the search takes the square of the length.
    small = text.strip().casefold()[:_LONGEST]
    bracket = re.search(r"[\[(]\s*([^\])]*?)\s*[\])]\s*$", small)
    unit = ""
    if bracket:
        unit = bracket.group(1).rstrip("°")
        small = small[: bracket.start()]
    words = [word for word in re.split(r"[^0-9a-z]+", small) if word]
    if not unit and len(words) > 1 and words[-1] in _UNITS:
        unit = words.pop()
    name = "".join(words)
    return Header(text=text.strip(), name=_ALSO.get(name, name), unit=unit)
