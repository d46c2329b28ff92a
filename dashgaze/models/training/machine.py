"""What a training computes on: one or several processes, CPU or GPU; needs torch and accelerate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from dashgaze.errors import InputError, MissingExtraError

from .options import TrainOptions

if TYPE_CHECKING:
    from accelerate import Accelerator


def open_machine(options: TrainOptions) -> Accelerator:
    """Find devices and processes.

    Without a launcher it is this process, on the first GPU or the CPU. Under ``accelerate launch`` or
    ``torchrun`` it is all processes that they started.

    Raises
    ------
    InputError
        If the device can't compute with the precision.
    MissingExtraError
        If accelerate is not installed.
    """
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
        from accelerate.state import AcceleratorState
    except ImportError as error:
        raise MissingExtraError(
            "Training needs the package accelerate, which is not installed.",
            fix="Install it: pip install 'dashgaze[train]'",
        ) from error
    on_cpu = options.device == "cpu" or not torch.cuda.is_available()
    if on_cpu and options.precision == "fp16":
        raise InputError("A CPU does not train with precision fp16.", fix="Choose `bf16` or `no`.")
    # Options of a training before this one in the same process would else stand.
    AcceleratorState._reset_state()
    return Accelerator(
        cpu=on_cpu,
        mixed_precision=options.precision,
        # A network may have parts that a loss without frames does not reach.
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
