"""What an answer costs."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples

_RUNS = 7
_WARM_UPS = 2


def cost_note(device: str) -> str:
    """Say what was measured, and on what."""
    import torch

    where = (
        torch.cuda.get_device_name(device)
        if device.startswith("cuda")
        else f"a CPU (threads of torch: {torch.get_num_threads()})"
    )
    return (
        f"Median of {_RUNS} runs on {where}, as it was then, with whatever ran beside it. Parameters and operations "
        "(two for each multiplication with addition) are those of answering; heads of sessions are not part of it."
    )


def measure_cost(
    network: Any,
    samples: Samples,
    pictures: PictureSource,
    rows: NDArray[np.int64],
    device: str,
) -> dict[str, float | int | None]:
    """Measure one network.

    Parameters
    ----------
    network
        A `GazeNetwork`.
    samples, pictures
        Frames to answer.
    rows
        Those to choose from, with a face.
    device
        Where it runs.

    Returns
    -------
    dict
        ``parameters``, ``gflop`` a frame, ``ms_batch_1`` and ``ms_batch_32`` a frame.
    """
    from dashgaze.models.feeding.batches import make_batch
    from dashgaze.models.networks.cost import flops, parameter_count

    def batch_of(count: int) -> Any:
        chosen = np.resize(rows, count)
        return make_batch(samples, pictures, chosen, samples.sessions, network.picture_sizes_px).to(
            device
        )

    mode = network.training
    network.to(device).eval()
    try:
        one = batch_of(1)
        return {
            "parameters": parameter_count(network, inference_only=True)["total"],
            "gflop": flops(network, one)["total"] / 1e9,
            "ms_batch_1": _milliseconds(network, one, device),
            "ms_batch_32": _milliseconds(network, batch_of(32), device) / 32,
        }
    finally:
        network.train(mode)


def _milliseconds(network: Any, batch: Any, device: str) -> float:
    import torch

    found = []
    with torch.no_grad():
        for run in range(_WARM_UPS + _RUNS):
            start_s = time.perf_counter()
            network(batch)
            if device.startswith("cuda"):
                torch.cuda.synchronize(device)
            if run >= _WARM_UPS:
                found.append((time.perf_counter() - start_s) * 1000)
    return float(np.median(found))
