"""The face table: what is seen of the driver's face (``derived/faces.parquet``)."""

from .field import Field, Table

DRIVER = (
    "driver view: pixels of phone/driver.mp4 as players show it (turned as the file says; left and right "
    "exchanged where session.yaml says driver_mirrored), origin top left, centres at integers"
)
_HEAD_POSE = "driver camera axes: x right, y down, z forward"

LANDMARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
"""The five landmarks; left and right are the driver's own."""

_WORDS = {
    "left_eye": "centre of the left eye",
    "right_eye": "centre of the right eye",
    "nose": "tip of the nose",
    "left_mouth": "left corner of the mouth",
    "right_mouth": "right corner of the mouth",
}

FACE_FIELDS = (
    *(
        Field(
            name=f"face_{name}_px",
            type="float32",
            unit="px",
            frame=DRIVER,
            nullable=True,
            meaning=f"{meaning} of the box around the driver's face; null where none was found.",
        )
        for name, meaning in (
            ("x", "Left edge"),
            ("y", "Top edge"),
            ("width", "Width"),
            ("height", "Height"),
        )
    ),
    Field(
        name="face_confidence",
        type="float32",
        nullable=True,
        meaning="How sure the detector is of the face, 0 to 1.",
    ),
    *(
        Field(
            name=f"{landmark}_{axis}_px",
            type="float32",
            unit="px",
            frame=DRIVER,
            nullable=True,
            meaning=f"The {_WORDS[landmark]} (the driver's own left and right), {axis}.",
        )
        for landmark in LANDMARKS
        for axis in "xy"
    ),
    *(
        Field(
            name=f"head_{name}_deg",
            type="float32",
            unit="deg",
            frame=_HEAD_POSE,
            nullable=True,
            meaning=meaning,
        )
        for name, meaning in (
            ("yaw", "Turn of the head, positive to the driver's left; null without a face."),
            ("pitch", "Pitch of the head, up positive."),
            ("roll", "Roll of the head, clockwise positive as the picture shows it."),
        )
    ),
)
"""Box, confidence, landmarks and pose; the same columns stand in the data set's frame table."""

FACE_TABLE = Table(
    name="faces",
    version=1,
    meaning="One row for each frame of phone/driver.mp4 that was looked at.",
    fields=(
        Field(name="session_id", type="string", meaning="The session the frame belongs to."),
        Field(
            name="driver_frame_index",
            type="int32",
            meaning="The frame of phone/driver.mp4, in presentation order.",
        ),
        *FACE_FIELDS,
    ),
)
