"""From gaze in the axes of the driver camera to gaze relative to the head."""

import torch
from torch import Tensor


def head_rotation(head_pose: Tensor) -> Tensor:
    """Give how heads are turned away from looking at the camera, as rotations in camera axes, shape (b, 3, 3).

    ``Y(-yaw) · X(-pitch) · Z(roll)``, as `faces.head_pose.facing_angles_deg` takes it apart.

    Parameters
    ----------
    head_pose
        Yaw positive to the driver's left (the picture's right), pitch up positive, roll clockwise as the
        picture shows it, rad, shape (b, 3), as `schemas.face_table` has them.
    """
    yaw, pitch, roll = head_pose.unbind(dim=1)
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)

    def rows(*values: Tensor) -> Tensor:
        return torch.stack(values, dim=1).reshape(-1, 3, 3)

    about_y = rows(yaw.cos(), zero, -yaw.sin(), zero, one, zero, yaw.sin(), zero, yaw.cos())
    about_x = rows(one, zero, zero, zero, pitch.cos(), pitch.sin(), zero, -pitch.sin(), pitch.cos())
    about_z = rows(roll.cos(), -roll.sin(), zero, roll.sin(), roll.cos(), zero, zero, zero, one)
    return about_y @ about_x @ about_z


def angles_relative_to_head(gaze: Tensor, head_pose: Tensor) -> Tensor:
    """Give azimuth and elevation relative to the head, rad, shape (b, 2).

    Parameters
    ----------
    gaze
        Unit vectors in camera axes (x right in the picture, y down, z away from the camera), shape (b, 3).
    head_pose
        As in `head_rotation`.

    Returns
    -------
    Tensor
        Azimuth positive to the driver's right, as of the scene camera on the driver's head, and elevation
        positive up.
    """
    in_head = (head_rotation(head_pose).transpose(1, 2) @ gaze[:, :, None])[:, :, 0]
    # The scene camera looks the other way: its right is the picture's left, its forward the camera's back.
    right, down, forward = -in_head[:, 0], in_head[:, 1], -in_head[:, 2]
    elevation = -torch.asin(down.clamp(-1.0, 1.0))
    return torch.stack([torch.atan2(right, forward), elevation], dim=1)


def angles_of_camera(gaze: Tensor) -> Tensor:
    """Give azimuth and elevation of gaze as a head that looks straight at the camera would have them."""
    return angles_relative_to_head(gaze, torch.zeros_like(gaze))
