"""What the ``vanishing_point`` stage says of a session: verdict, mount point, blocks, the lines' word."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashgaze.alignment.road_camera import RoadCamera
from dashgaze.alignment.vanishing_point.frame_points import REASONS, FramePoints
from dashgaze.alignment.vanishing_point.mount_point import Blocks, MountPoint
from dashgaze.alignment.vanishing_point.road_lines import LineAgreement
from dashgaze.alignment.vanishing_point.travel import REFUSALS
from dashgaze.alignment.vanishing_point.video_scan import VideoScan

FEWEST_BLOCKS = 4
"""Blocks of straight driving, four seconds each, from which on a mount point can be trusted."""

MAX_SE_DEG = 0.3
"""Largest standard error of a mount point that can be trusted, per axis."""

_DISAGREE_DEG = 1.5
_STILL_SHARE = 0.98


@dataclass(frozen=True, kw_only=True, eq=False)
class TravelFound:
    """All that was found of a session; `mount` is None where straight driving was never seen."""

    scan: VideoScan
    blocks: Blocks
    mount: MountPoint | None
    points: FramePoints
    lines: LineAgreement
    speed_known: bool
    dark: bool


def summarise(
    found: TravelFound, camera: RoadCamera, *, focal_origin: str, notes: list[str]
) -> dict[str, Any]:
    """Put the findings into a mapping ready for JSON.

    Parameters
    ----------
    found
        What was found.
    camera
        The road camera.
    focal_origin
        How its focal length is known.
    notes
        What is to be said besides.
    """
    track, mount, blocks = found.scan.track, found.mount, found.blocks
    refused = Counter(REFUSALS[code] for code in track.refusal.tolist() if code >= 0)
    missing = Counter(REASONS[code] for code in found.points.reason.tolist() if code >= 0)
    verdict, reasons = _verdict(found, refused)
    difference = _difference_deg(found)
    if difference is not None and max(map(abs, difference)) > _DISAGREE_DEG:
        verdict = "doubtful" if verdict == "ok" else verdict
        reasons.append(
            f"The road's lines meet {difference[0]:+.1f}° to the right and {difference[1]:+.1f}° below the "
            "direction of travel: the road has few straight lines, or one of both is wrong."
        )
    known = found.points.reason == -1
    return {
        "verdict": verdict,
        "reasons": [*reasons, *notes],
        "mount_point_px": None if mount is None else _pixels(mount, camera),
        "mount_point_deg": None if mount is None else _numbers(mount.point_deg),
        "mount_point_se_deg": None if mount is None else _numbers(mount.se_deg),
        "block_spread_deg": None if mount is None else _numbers(mount.spread_deg),
        "blocks_used": len(blocks),
        "blocks_gated": blocks.gated,
        "pair_count": len(track),
        "pairs_with_focus": int(track.seen.sum()),
        "pairs_refused": dict(sorted(refused.items())),
        "frame_count": len(known),
        "frames_with_point": int(known.sum()),
        "frames_without": dict(sorted(missing.items())),
        "median_sd_deg": _numbers(np.median(found.points.sd_deg[known], axis=0))
        if known.any()
        else None,
        "speed_known": found.speed_known,
        "dark": found.dark,
        "line_votes": found.lines.vote_count,
        "line_point_deg": None if found.lines.point_deg is None else list(found.lines.point_deg),
        "line_point_se_deg": None if found.lines.se_deg is None else list(found.lines.se_deg),
        "line_disagreement_deg": difference,
        "static_share": found.scan.static_share,
        "road_focal_px": camera.focal_px,
        "road_focal_origin": focal_origin,
        "road_size_px": list(camera.size_px),
    }


def _verdict(found: TravelFound, refused: Counter[str]) -> tuple[str, list[str]]:
    track, mount, count = found.scan.track, found.mount, len(found.blocks)
    if not len(track):
        return "failed", ["No two pictures of the road video follow one another."]
    if mount is None:
        gated = found.blocks.gated
        still = (refused["still"] + refused["turn_only"]) / len(track)
        if still > _STILL_SHARE or set(gated) == {"slow"}:
            return "failed", [
                "The car stands or crawls all the time: there is no direction of travel."
            ]
        why = (
            ", ".join(f"{number} {name}" for name, number in gated.items()) or "none of any length"
        )
        dark = " In the dark there is little to follow." if found.dark else ""
        return "failed", [f"No stretch of straight driving could be used (blocks: {why}).{dark}"]
    reasons = []
    if count < FEWEST_BLOCKS:
        reasons.append(
            f"Only {count} blocks of straight driving, of {FEWEST_BLOCKS} that are needed to see their spread."
        )
    if (mount.se_deg > MAX_SE_DEG).any():
        reasons.append(
            f"The mount point is known to ± {mount.se_deg.max():.2f}° only: blocks of straight driving disagree."
        )
    return ("doubtful" if reasons else "ok"), reasons


def _difference_deg(found: TravelFound) -> list[float] | None:
    """Give by how much the road's lines meet to the right of and below the mount point."""
    if found.mount is None or found.lines.point_deg is None:
        return None
    right, down = np.array(found.lines.point_deg) - found.mount.point_deg
    return [float(right), float(down)]


def _pixels(mount: MountPoint, camera: RoadCamera) -> list[float | None]:
    return _numbers(mount.tangents * camera.focal_px + np.array(camera.centre_px))


def _numbers(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float | None]:
    return [float(each) if np.isfinite(each) else None for each in values]
