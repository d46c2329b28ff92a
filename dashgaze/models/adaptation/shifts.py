"""Which frames' landmarks are shifted, and how far."""

import torch
from torch import Tensor

from .options import PretextOptions


def choose_shifted(
    session: Tensor,
    known: Tensor,
    options: PretextOptions,
    generator: torch.Generator,
    *,
    step: int,
) -> Tensor:
    """Choose the frames whose landmarks are shifted.

    Half of each session's frames with landmarks, at random (a coin decides on an odd one); with
    ``alternate`` all of them in every second batch.

    Parameters
    ----------
    session
        Shape (b,).
    known
        Whether landmarks are known, shape (b,).

    Returns
    -------
    Tensor
        Shape (b,), bool.
    """
    shifted = torch.zeros(len(session), dtype=torch.bool)
    known = known.cpu()
    if options.alternate:
        return (known if step % 2 == 1 else shifted).to(session.device)
    numbers = session.cpu()
    for number in sorted(set(numbers[known].tolist())):
        rows = ((numbers == number) & known).nonzero()[:, 0]
        order = torch.randperm(len(rows), generator=generator)
        odd = int(torch.randint(2, (1,), generator=generator)) if len(rows) % 2 else 0
        shifted[rows[order[: len(rows) // 2 + odd]]] = True
    return shifted.to(session.device)


def shifts_in_unit(
    driver_size_px: Tensor, options: PretextOptions, generator: torch.Generator
) -> Tensor:
    """Draw one shift for each frame, in −1 … 1 of the driver view.

    A shift of d px in a view of `PretextOptions.reference_width_px` is d · width / reference_width px in one of
    another width; along both axes, as px are square.

    Parameters
    ----------
    driver_size_px
        Width and height of each frame's driver view, shape (b, 2).

    Returns
    -------
    Tensor
        Shape (b, 2), float64.
    """
    count = len(driver_size_px)
    draws = torch.rand((count, 2), generator=generator, dtype=torch.float64) * 2.0 - 1.0
    if options.shared_xy:
        draws = draws[:, :1].expand(count, 2)
    size = driver_size_px.to(torch.float64)
    scale = size[:, :1] / options.reference_width_px
    shift_px = draws.to(size.device) * options.shift_px * scale
    return 2.0 * shift_px / size
