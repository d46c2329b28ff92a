"""What a network costs, and how far off it is: the two axes of the curve."""

import math
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.evaluation.corrupted_pictures import CorruptedPictures
from dashgaze.models.evaluation.corruptions import Corruption, Kind
from dashgaze.models.feeding.batches import make_batch
from dashgaze.models.metrics.angle import angular_error_deg
from dashgaze.models.metrics.location import euclidean_error_px
from dashgaze.models.metrics.sessions import session_means, t_interval
from dashgaze.models.networks.cost import flops, parameter_count
from dashgaze.models.networks.predictor import NetworkPredictor

FloatArray = NDArray[np.float64]

GROUPS = ("eyewear", "lighting")
CORRUPTION_KINDS: tuple[Kind, ...] = ("blur", "low_light", "cover_eyes")
SEVERITY = 3

_RUNS, _WARM_UPS = 9, 2


def costs(
    network: GazeNetwork, samples: Samples, pictures: PictureSource, *, device: str = "cpu"
) -> dict[str, float | int]:
    """Measure a network; milliseconds are medians, with whatever else runs on the machine.

    Returns
    -------
    dict
        ``parameters``, ``gflop`` a frame, ``ms_batch_1`` and ``ms_batch_16`` a frame.
    """
    network.to(device).eval()

    def batch_of(count: int) -> Any:
        rows = np.resize(np.arange(len(samples), dtype=np.int64), count)
        sizes = network.picture_sizes_px
        return make_batch(samples, pictures, rows, samples.sessions, sizes).to(device)

    one = batch_of(1)
    return {
        "parameters": parameter_count(network)["total"],
        "gflop": flops(network, one)["total"] / 1e9,
        "ms_batch_1": _milliseconds(network, one, device),
        "ms_batch_16": _milliseconds(network, batch_of(16), device) / 16,
    }


def errors(
    network: GazeNetwork,
    samples: Samples,
    pictures: PictureSource,
    *,
    corruptions: bool,
    device: str = "cpu",
) -> dict[str, Any]:
    """Measure errors, by session.

    Parameters
    ----------
    network
        In evaluation mode.
    samples, pictures
        Labelled frames.
    corruptions
        Whether it is measured on spoiled pictures, too, which takes as long again for each kind.
    device
        Where it is computed.

    Returns
    -------
    dict
        ``location_px`` and ``angle_deg`` (None without that head): mean over sessions, its 95 % interval, and
        the same by ``groups`` and, for the location, under ``corruptions``.
    """
    location, angle = _off(network, samples, pictures, device)
    found: dict[str, Any] = {
        "location_px": _summary(location, samples),
        "angle_deg": None if angle is None else _summary(angle, samples),
        "groups": {},
        "corruptions": {},
    }
    for condition in GROUPS:
        values = getattr(samples, condition)
        for name in sorted(set(values.tolist()) - {""}):
            rows = values == name
            found["groups"][f"{condition}: {name}"] = {
                "location_px": _summary(location[rows], samples.take(rows)),
                "angle_deg": None if angle is None else _summary(angle[rows], samples.take(rows)),
            }
    if corruptions:
        for kind in CORRUPTION_KINDS:
            spoiled = CorruptedPictures(
                source=pictures,
                samples=samples,
                corruption=Corruption(kind=kind, severity=SEVERITY),
            )
            off, _ = _off(network, samples, spoiled, device)
            found["corruptions"][f"{kind} {SEVERITY}"] = {"location_px": _summary(off, samples)}
    return found


def _off(
    network: GazeNetwork, samples: Samples, pictures: PictureSource, device: str
) -> tuple[FloatArray, FloatArray | None]:
    said = NetworkPredictor(network, name=network.name, device=device).predict(samples, pictures)
    angle = None
    if said.angle_deg is not None:
        angle = angular_error_deg(samples.gaze_angle_deg, said.angle_deg)
    return euclidean_error_px(samples.gaze_road_px, said.xy_px), angle


def _summary(values: FloatArray, samples: Samples) -> dict[str, float | int | None]:
    means = session_means(values, samples.session_id, samples.driver_id)
    known = means.mean[np.isfinite(means.mean)]
    low, high = t_interval(known)
    return {
        "mean": float(known.mean()) if len(known) else None,
        "low": None if math.isnan(low) else low,
        "high": None if math.isnan(high) else high,
        "sessions": len(known),
        "frames": int(np.isfinite(values).sum()),
    }


def _milliseconds(network: GazeNetwork, batch: Any, device: str) -> float:
    found = []
    with torch.inference_mode():
        for run in range(_WARM_UPS + _RUNS):
            start_s = time.perf_counter()
            network(batch)
            if device.startswith("cuda"):
                torch.cuda.synchronize(device)
            if run >= _WARM_UPS:
                found.append((time.perf_counter() - start_s) * 1000)
    return float(np.median(found))
