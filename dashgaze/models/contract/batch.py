"""What networks take and give; needs torch."""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """b frames. Missing numbers are NaN in targets; 0 elsewhere, with a flag.

    Attributes
    ----------
    rows
        Rows of the `Samples`, shape (b,), int64.
    session
        Number of the session in the list that the batch was made with, shape (b,), int64.
    pictures
        By name (`contract.pictures.PictureName`): red, green, blue, uint8, shape (b, 3, height, width).
        Networks normalise them themselves (`networks`).
    present
        By name: whether there is that picture, shape (b,), bool.
    landmarks
        In −1 … 1 of the driver picture (`contract.scale.unit_from_px`), shape (b, 5, 2).
    face_box
        Centre x, centre y, width, height in the same units (width 2 is the whole picture), shape (b, 4).
    face_known
        Whether landmarks and box are known, shape (b,), bool.
    head_pose
        Yaw, pitch, roll, rad, shape (b, 3); 0 where unknown.
    head_pose_known
        Shape (b,), bool.
    driver_size_px
        Width and height of the driver picture, shape (b, 2).
    target_xy
        Gaze in the road view in −1 … 1, shape (b, 2).
    target_angle
        Azimuth and elevation, rad, shape (b, 2).
    """

    rows: Tensor
    session: Tensor
    pictures: dict[str, Tensor]
    present: dict[str, Tensor]
    landmarks: Tensor
    face_box: Tensor
    face_known: Tensor
    head_pose: Tensor
    head_pose_known: Tensor
    driver_size_px: Tensor
    target_xy: Tensor
    target_angle: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    def to(self, device: torch.device | str) -> "Batch":
        """Move everything to a device."""
        moved: dict[str, Tensor | dict[str, Tensor]] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, dict):
                moved[field.name] = {
                    name: each.to(device, non_blocking=True) for name, each in value.items()
                }
            else:
                moved[field.name] = value.to(device, non_blocking=True)
        return Batch(**moved)  # type: ignore[arg-type]

    def with_landmarks(self, landmarks: Tensor) -> "Batch":
        """Give the same frames with other landmarks, shape (b, 5, 2)."""
        return replace(self, landmarks=landmarks)


@dataclass(frozen=True, kw_only=True, eq=False)
class Output:
    """What a network says of b frames.

    Attributes
    ----------
    xy
        Gaze in the road view in −1 … 1, shape (b, 2).
    angle
        Azimuth and elevation, rad, shape (b, 2); None if it gives none.
    xy_log_sd
        Natural logarithm of the stated standard deviations of `xy`, shape (b, 2); None if none.
    angle_log_sd
        The same of `angle`.
    features
        Of the branches, by name (``face``, ``left_eye``, ``right_eye``, ``driver``, ``landmarks``), shape
        (b, d): what the pretext task and the analyses of the network see.
    """

    xy: Tensor
    angle: Tensor | None = None
    xy_log_sd: Tensor | None = None
    angle_log_sd: Tensor | None = None
    features: dict[str, Tensor]
