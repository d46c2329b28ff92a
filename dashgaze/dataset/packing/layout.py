"""Where things lie in a packed data set."""

from collections.abc import Mapping
from typing import Final

from dashgaze.schemas.dataset_manifest import Split
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LOCATION_TABLE,
)
from dashgaze.schemas.field import Table
from dashgaze.schemas.image_table import IMAGE_TABLE

SESSIONS: Final = "sessions"
VIDEOS: Final = "videos"
VIDEO_METADATA_PATH: Final = "videos/metadata.parquet"
SCHEMAS_NAME: Final = "schemas"

TABLES: Mapping[str, Table] = {
    "frames": DATASET_FRAME_TABLE,
    "fixations": FIXATION_TABLE,
    SESSIONS: DATASET_SESSION_TABLE,
    "gaze": DATASET_GAZE_TABLE,
    "images": IMAGE_TABLE,
    "location": LOCATION_TABLE,
}
"""The tables, by the name of the configuration."""


def shard_path(config: str, split: Split, session_id: str) -> str:
    """Give the path of a session's shard of a table, from the data set's folder."""
    return f"{config}/{split}/{session_id}.parquet"


def sessions_path(split: Split) -> str:
    """Give the path of the sessions table of a split."""
    return f"{SESSIONS}/{split}.parquet"


def video_path(session_id: str, view: str) -> str:
    """Give the path of a session's video of a view."""
    return f"{VIDEOS}/{session_id}/{view}.mp4"
