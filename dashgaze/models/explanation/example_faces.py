"""Pictures of faces under their own maps: only of drivers who agreed, and only if asked for."""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.evaluation.drawing import Drawing

from .chosen_frames import Frames
from .displacement import LEAST_EFFECT, UNITS
from .occlusion import occlusion_maps
from .options import ExplainOptions

_SHOWN_PX = 336
_COVER = 0.55


def example_faces(
    network: GazeNetwork, frames: Frames, raw_sessions: frozenset[str], options: ExplainOptions
) -> list[Drawing]:
    """Draw occlusion maps over faces.

    Parameters
    ----------
    network
        In evaluation mode.
    frames
        To choose from: the first of each session, then the next.
    raw_sessions
        Sessions whose drivers agreed to raw pictures.
    options
        How many, and how windows are covered.
    """
    if "face" not in network.picture_sizes_px:
        return []
    rows = np.flatnonzero(np.isin(frames.sessions, sorted(raw_sessions)))
    if not len(rows) or not options.example_faces:
        return []
    places = np.linspace(0, len(rows) - 1, min(len(rows), options.example_faces))
    some = frames.take(rows[np.unique(np.rint(places).astype(np.int64))].astype(np.int64))
    maps = occlusion_maps(
        network,
        some,
        "face",
        fill=options.fill,
        patch_px=options.patch_px,
        batch_size=options.batch_size,
    )
    drawings = []
    for row in range(len(some)):
        own = maps.moved["location"][row]
        if own.max() < LEAST_EFFECT["location"]:
            continue
        picture = some.batch.pictures["face"][row].cpu().permute(1, 2, 0).numpy()
        drawings.append(
            Drawing(
                title=f"{some.sessions[row]}, frame {some.samples.frame_index[row]}",
                summary=f"Bright: covering it moves the location by up to {own.max():.1f} "
                f"{UNITS['location']}.",
                svg=_image(_blended(picture, own)),
            )
        )
    return drawings


def _blended(picture: NDArray[np.uint8], own: NDArray[np.float64]) -> NDArray[np.uint8]:
    size = (_SHOWN_PX, _SHOWN_PX)
    face = cv2.resize(picture[:, :, ::-1], size, interpolation=cv2.INTER_CUBIC)
    level = np.asarray(np.rint(255 * own / own.max()), dtype=np.uint8)
    heat = cv2.applyColorMap(cv2.resize(level, size), cv2.COLORMAP_VIRIDIS)
    return np.asarray(cv2.addWeighted(face, 1 - _COVER, heat, _COVER, 0), dtype=np.uint8)


def _image(picture: NDArray[np.uint8]) -> str:
    done, content = cv2.imencode(".jpg", picture)
    if not done:
        raise RuntimeError("OpenCV could not write a JPEG")
    coded = base64.b64encode(content.tobytes()).decode("ascii")
    return (
        f'<img src="data:image/jpeg;base64,{coded}" width="{_SHOWN_PX}" height="{_SHOWN_PX}" '
        'alt="Face of the driver under its occlusion map." style="max-width:100%;height:auto">'
    )
