"""The table of pictures of a packed data set, with the labels that a model is trained on."""

from .dataset_tables import DATASET_FRAME_TABLE
from .face_table import FACE_FIELDS
from .field import Field, Table

FACE_PX = 224
"""Side of the pictures of the whole driver view, the face and the road around gaze, px."""
EYE_WIDTH_PX = 100
EYE_HEIGHT_PX = 50
THUMBNAIL_WIDTH_PX = 448
THUMBNAIL_HEIGHT_PX = 252

_LABELS = (
    "session_id",
    "frame_index",
    "time_ns",
    "road_frame_index",
    "driver_frame_index",
    "gaze_road_x_px",
    "gaze_road_y_px",
    "gaze_road_in_view",
    "gaze_road_cov_xx_px2",
    "gaze_road_cov_xy_px2",
    "gaze_road_cov_yy_px2",
    "gaze_azimuth_deg",
    "gaze_elevation_deg",
    "blink",
    "fixation_id",
    "homography_source",
    "homography_error_px",
)
_FRAME_FIELDS = {field.name: field for field in DATASET_FRAME_TABLE.fields}

PICTURES = ("driver", "face", "left_eye", "right_eye", "road_at_gaze", "road")

IMAGE_TABLE = Table(
    name="dataset_images",
    version=1,
    meaning="Configuration `images`: pictures of the size that models take, one row for each frame that "
    "was chosen, with its labels. Pixels of the labels are those of the full pictures.",
    fields=(
        *(_FRAME_FIELDS[name] for name in _LABELS),
        *FACE_FIELDS,
        Field(
            name="driver",
            type="image",
            nullable=True,
            meaning="The whole driver view squeezed into 224 × 224 px; null where consent keeps it.",
        ),
        Field(
            name="face",
            type="image",
            nullable=True,
            meaning="The driver's face, a square around its box of 1.4 times its longer side, 224 × 224 px; "
            "black beyond the view.",
        ),
        Field(
            name="left_eye",
            type="image",
            nullable=True,
            meaning="The driver's left eye, 100 px wide and 50 px high, parallel to the edges of the view; as "
            "wide as 0.8 of the distance between the eyes, at least 0.16 of the face box's height.",
        ),
        Field(
            name="right_eye",
            type="image",
            nullable=True,
            meaning="The driver's right eye, likewise.",
        ),
        Field(
            name="road_at_gaze",
            type="image",
            nullable=True,
            meaning="224 × 224 px of the road view around gaze, at full size, gaze at column and row 112, "
            "black beyond the view; "
            "null where gaze is not in view.",
        ),
        Field(
            name="road",
            type="image",
            nullable=True,
            meaning="The road view in 448 × 252 px, its shape kept, black beside it.",
        ),
    ),
)
