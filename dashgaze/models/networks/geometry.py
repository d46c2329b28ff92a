"""Numbers that describe where the driver's face is and how it is turned."""

import torch
from torch import Tensor
from torch.nn import functional

from ..contract.batch import Batch

EYE_WIDTH_OF_DISTANCE = 0.8
EYE_WIDTH_OF_FACE = 0.16
"""Width of an eye's picture, as `schemas.image_table` says: share of the distance between the eyes, at least
this share of the face box's height."""

GEOMETRY_SIZE = 32


def face_geometry(batch: Batch) -> Tensor:
    """Describe each frame's face, shape (b, `GEOMETRY_SIZE`); 0 where it is unknown.

    Landmarks in the whole view (10), landmarks within the box (10), the box and the logarithms of its sides
    (6), sine and cosine of yaw and pitch, roll, and whether the pose is known (6).
    """
    centre, sides = batch.face_box[:, :2], batch.face_box[:, 2:]
    safe = torch.where(batch.face_known[:, None], sides, torch.ones_like(sides)).clamp(min=1e-4)
    inside = (batch.landmarks - centre[:, None]) / safe[:, None]
    yaw, pitch, roll = batch.head_pose.unbind(dim=1)
    pose = torch.stack([yaw.sin(), yaw.cos() - 1.0, pitch.sin(), pitch.cos() - 1.0, roll], dim=1)
    known = batch.head_pose_known.to(pose.dtype)[:, None]
    values = torch.cat(
        [
            batch.landmarks.flatten(1),
            inside.flatten(1),
            batch.face_box,
            safe.log(),
            pose * known,
            known,
        ],
        dim=1,
    )
    return torch.where(batch.face_known[:, None], values, torch.zeros_like(values))


def eye_half_size(batch: Batch) -> Tensor:
    """Half the width and height of the eyes' pictures in −1 … 1 of the driver view, shape (b, 2)."""
    size_px = batch.driver_size_px
    apart_px = (batch.landmarks[:, 0] - batch.landmarks[:, 1]) * size_px / 2.0
    face_px = batch.face_box[:, 3] * size_px[:, 1] / 2.0
    width_px = torch.maximum(
        EYE_WIDTH_OF_DISTANCE * apart_px.norm(dim=1), EYE_WIDTH_OF_FACE * face_px
    )
    return torch.stack([width_px / size_px[:, 0], width_px / 2.0 / size_px[:, 1]], dim=1)


def dark_centre(pictures: Tensor) -> Tensor:
    """Give the centre of what is darker than the mean of a picture, in −1 … 1 of it, shape (b, 2).

    A stand-in for the pupil. Middle of the picture where all is equal.

    Parameters
    ----------
    pictures
        Red, green, blue, shape (b, 3, height, width).
    """
    grey = pictures.to(torch.float32).mean(dim=1)
    dark = functional.relu(grey.mean(dim=(1, 2), keepdim=True) - grey).square()
    total = dark.sum(dim=(1, 2))
    _, height, width = grey.shape
    x = (torch.arange(width, device=grey.device) + 0.5) / width * 2.0 - 1.0
    y = (torch.arange(height, device=grey.device) + 0.5) / height * 2.0 - 1.0
    weighted = torch.stack(
        [(dark.sum(dim=1) * x).sum(dim=1), (dark.sum(dim=2) * y).sum(dim=1)], dim=1
    )
    return torch.where(total[:, None] > 0.0, weighted / total.clamp(min=1e-6)[:, None], 0.0)
