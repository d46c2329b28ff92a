"""Frames without a data set: pictures of noise, landmarks of a plausible face."""

from collections.abc import Mapping

import torch

from dashgaze.models.contract.batch import Batch

FACE = torch.tensor([[0.08, -0.1], [-0.08, -0.1], [0.0, 0.05], [0.06, 0.2], [-0.06, 0.2]])


def fake_batch(
    sizes_px: Mapping[str, tuple[int, int]], count: int = 4, *, sessions: int = 2, seed: int = 0
) -> Batch:
    """Give some frames; everything is known of all of them."""
    dice = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=dice)

    centre = 0.2 * normal(count, 1, 2)
    return Batch(
        rows=torch.arange(count),
        session=torch.arange(count) % sessions,
        pictures={
            name: torch.randint(0, 256, (count, 3, size[1], size[0]), generator=dice).to(
                torch.uint8
            )
            for name, size in sizes_px.items()
        },
        present={name: torch.ones(count, dtype=torch.bool) for name in sizes_px},
        landmarks=centre + FACE + 0.01 * normal(count, 5, 2),
        face_box=torch.cat([centre[:, 0], torch.full((count, 2), 0.4)], dim=1),
        face_known=torch.ones(count, dtype=torch.bool),
        head_pose=0.2 * normal(count, 3),
        head_pose_known=torch.ones(count, dtype=torch.bool),
        driver_size_px=torch.tensor([[1280.0, 720.0]]).expand(count, 2),
        target_xy=0.3 * normal(count, 2),
        target_angle=0.2 * normal(count, 2),
    )
