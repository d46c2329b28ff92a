"""The frame table and the truth table of a simulated drive without pictures."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dashgaze.schemas.frame_table import FRAME_TABLE

from ..lens import Lens
from .feeling import GRAVITY_M_S2
from .glances import IN_CAR, TARGET_KINDS
from .gnss import location_rows
from .label_drive import SAMPLES_HZ, LabelDrive
from .label_quality import NONE, SOURCES, LabelQuality
from .projection import RoadCamera
from .ride import Ride
from .streams import Stream, stream

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_FOE_SD_PX, _FOE_LEAST_M_S = 4.0, 4.0
# As `dashgaze vanishing-point` measures the car's turning in two simulated drives: 0.12 and 0.34 deg/s, and 0 to
# 4 % too little.
_YAW_RATE_SD_DEG_S, _YAW_RATE_PART = 0.35, 0.98
_PX_STEP, _DEG_STEP = 64.0, 4096.0
"""Parts of a px and of a degree that numbers are rounded to: fine enough, and files get small."""
_LONGEST_GAP_S = 5.0


def frame_table(
    session_id: str,
    start_ns: int,
    drive: LabelDrive,
    quality: LabelQuality,
    rng: np.random.Generator,
    *,
    lens: Lens,
    camera: RoadCamera,
    fps: float,
    seed: int,
) -> pa.Table:
    """Give a table as the stages would have written it of real recordings.

    Null are what pictures are needed for: ``driver_*`` and ``road_from_ego``; of medians the means
    are given.

    Parameters
    ----------
    session_id, start_ns
        Name, and device stamp of the phone's time zero.
    drive, quality
        What is known of the frames.
    rng
        Random numbers.
    lens, camera
        Of the scene camera, and of the phone.
    fps, seed
        Frames a second, and the story's seed.
    """
    count = len(drive.phone_s)
    valid = ~(drive.blink | quality.gaze_dropped) & drive.within
    ego_px = lens.pixels(drive.tangents)
    samples = rng.poisson(0.25, count) + int(SAMPLES_HZ / fps)
    x, y = drive.tangents.T
    azimuth = np.degrees(np.arctan(x))
    elevation = -np.degrees(np.arctan2(y, np.sqrt(x * x + 1.0)))
    mapped = valid & (quality.source != NONE) & np.isfinite(drive.road_px).all(axis=1)
    road_px = drive.road_px + quality.error_px
    variance = quality.sigma_px**2
    gyro, accel = _felt(drive)
    speed, speed_known = _speed(seed, drive.ride, drive.phone_s)
    foe = drive.ride.speed_m_s(drive.phone_s) > _FOE_LEAST_M_S
    foe_px = drive.vanishing_point_px + _FOE_SD_PX * rng.standard_normal((count, 2))
    everywhere = np.ones(count, dtype=np.bool_)
    has_map = quality.source != NONE
    dropped = quality.gaze_dropped
    columns: dict[str, pa.Array] = {
        "session_id": pa.array([session_id]).take(pa.array(np.zeros(count, dtype=np.int32))),
        "frame_index": pa.array(np.arange(count, dtype=np.int32)),
        "ego_frame_valid": pa.array(everywhere),
        "timestamp_ns": pa.array(start_ns + np.round(drive.phone_s * 1e9).astype(np.int64)),
        "road_frame_index": pa.array(np.arange(count, dtype=np.int32)),
        "road_time_error_ms": _float32(rng.uniform(-0.5, 0.5, count) * 1e3 / fps, everywhere),
        "gaze_ego_x_px": _px(ego_px[:, 0], valid),
        "gaze_ego_y_px": _px(ego_px[:, 1], valid),
        "gaze_ego_median_x_px": _px(ego_px[:, 0], valid),
        "gaze_ego_median_y_px": _px(ego_px[:, 1], valid),
        "gaze_sample_count": pa.array(np.where(valid, samples, 0).astype(np.int32)),
        "gaze_spread_px": _float32(_spread_px(ego_px, drive.in_saccade, rng), valid),
        "gaze_azimuth_deg": _deg(azimuth, valid),
        "gaze_elevation_deg": _deg(elevation, valid),
        "worn": pa.array(everywhere, mask=dropped),
        "blink": pa.array(drive.blink),
        "blink_id": _int32(drive.blink_id, drive.blink),
        "fixation_id": _int32(drive.span, ~drive.in_saccade & ~drive.blink),
        "saccade": pa.array(drive.in_saccade & ~drive.blink),
        "gaze_road_x_px": _px(road_px[:, 0], mapped),
        "gaze_road_y_px": _px(road_px[:, 1], mapped),
        "gaze_road_in_view": pa.array(camera.inside(road_px), mask=~mapped),
        "gaze_road_cov_xx_px2": _float32(variance, mapped),
        "gaze_road_cov_xy_px2": _float32(np.zeros(count), mapped),
        "gaze_road_cov_yy_px2": _float32(variance, mapped),
        "homography_source": _names(quality.source, SOURCES),
        "homography_inlier_count": _int32(quality.inliers, has_map),
        "homography_hops": _int32(quality.hops, has_map),
        "homography_error_px": _float32(quality.sigma_px, has_map),
        "speed_m_s": _float32(speed, speed_known),
        "car_yaw_rate_deg_s": _float32(_seen_yaw_rate(seed, drive), everywhere),
        "vanishing_point_x_px": _px(foe_px[:, 0], foe),
        "vanishing_point_y_px": _px(foe_px[:, 1], foe),
    }
    for place, axis in enumerate("xyz"):
        columns[f"gyro_{axis}_deg_s"] = _float32(gyro[:, place], everywhere)
        columns[f"accel_{axis}_g"] = _float32(accel[:, place], everywhere)
    schema = FRAME_TABLE.to_arrow()
    arrays = [
        columns[field.name].cast(field.type)
        if field.name in columns
        else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def truth_table(drive: LabelDrive) -> pa.Table:
    """Give what is true of each frame: columns in the docstring of `simulate_labels`."""
    always = np.ones(len(drive.phone_s), dtype=np.bool_)
    seen = np.asarray(np.isfinite(drive.true_road_px).all(axis=1))
    return pa.table(
        {
            "frame_index": pa.array(np.arange(len(always), dtype=np.int32)),
            "phone_s": pa.array(drive.phone_s),
            "target_kind": _names(drive.kind, TARGET_KINDS),
            "fixation_id": _int32(drive.span, ~drive.in_saccade),
            "object_id": _int32(drive.span, drive.on_object & ~drive.in_saccade),
            "in_car": pa.array(np.isin(drive.kind, IN_CAR)),
            "saccade": pa.array(drive.in_saccade),
            "blink": pa.array(drive.blink),
            "azimuth_from_travel_deg": _deg(drive.azimuth_deg, always),
            "elevation_from_travel_deg": _deg(drive.elevation_deg, always),
            "gaze_road_x_px": _px(drive.true_road_px[:, 0], seen),
            "gaze_road_y_px": _px(drive.true_road_px[:, 1], seen),
            "vanishing_point_x_px": _px(drive.vanishing_point_px[:, 0], always),
            "vanishing_point_y_px": _px(drive.vanishing_point_px[:, 1], always),
            "speed_m_s": _float32(drive.ride.speed_m_s(drive.phone_s), always),
            "car_yaw_rate_deg_s": _float32(yaw_rate_deg_s(drive), always),
            "spread_h_deg": _float32(drive.plan.spread_h_deg[drive.span], always),
            "bearing_ahead_deg": _float32(drive.plan.bearing_deg[drive.span], always),
        }
    )


def yaw_rate_deg_s(drive: LabelDrive) -> FloatArray:
    """Give how fast the car turns to the right, by frame, shape (n,), deg/s."""
    if len(drive.phone_s) < 2:
        return np.zeros(len(drive.phone_s))
    heading_deg = np.degrees(np.unwrap(drive.ride.travel_heading_rad(drive.phone_s)))
    return np.asarray(np.gradient(heading_deg, drive.phone_s), dtype=np.float64)


def _seen_yaw_rate(seed: int, drive: LabelDrive) -> FloatArray:
    """Give it as the road video would show it."""
    error = stream(seed, Stream.YAW_RATE).standard_normal(len(drive.phone_s))
    return _YAW_RATE_PART * yaw_rate_deg_s(drive) + _YAW_RATE_SD_DEG_S * error


def _felt(drive: LabelDrive) -> tuple[FloatArray, FloatArray]:
    """Give rates (deg/s) and specific force (g) in the scene camera's axes, by frame, (n, 3) each.

    Rates are differences of frames; the car's acceleration and gravity are felt, shaking is not.
    """
    rotation = drive.world_from_ego.rotation
    times = drive.phone_s
    before = np.maximum(np.arange(len(times)) - 1, 0)
    after = np.minimum(np.arange(len(times)) + 1, len(times) - 1)
    turned = Rotation.from_matrix(rotation[before].transpose(0, 2, 1) @ rotation[after])
    span_s = np.maximum(times[after] - times[before], 1e-6)
    gyro = np.degrees(turned.as_rotvec()) / span_s[:, None]
    heading = drive.ride.travel_heading_rad(times)
    gain = drive.ride.gain_m_s2(times)
    distance_m, speed = drive.ride.distance_m(times), drive.ride.speed_m_s(times)
    sideways = drive.ride.route.curvature_per_m(distance_m) * speed**2
    force = np.column_stack(
        [
            gain * np.sin(heading) + sideways * np.cos(heading),
            np.full(len(times), -GRAVITY_M_S2),
            gain * np.cos(heading) - sideways * np.sin(heading),
        ]
    )
    return gyro, (rotation.transpose(0, 2, 1) @ force[:, :, None])[:, :, 0] / GRAVITY_M_S2


def _speed(seed: int, ride: Ride, phone_s: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Give the receiver's speed between its fixes, and where these are near enough together."""
    fixes = location_rows(seed, ride, float(phone_s[-1]) if len(phone_s) else 0.0)
    speed = np.interp(phone_s, fixes.time_s, fixes.speed_m_s)
    after = np.searchsorted(fixes.time_s, phone_s).clip(1, max(len(fixes.time_s) - 1, 1))
    near = np.minimum(after, len(fixes.time_s) - 1)
    gap_s = fixes.time_s[near] - fixes.time_s[near - 1]
    return speed, np.asarray(gap_s <= _LONGEST_GAP_S)


def _spread_px(ego_px: FloatArray, in_saccade: BoolArray, rng: np.random.Generator) -> FloatArray:
    """Give how far samples of a frame are from their mean: noise, and the way made in saccades."""
    way_px = np.linalg.norm(np.gradient(ego_px, axis=0), axis=1) / np.sqrt(12.0)
    noise_px = 4.7 * rng.gamma(12.0, 1 / 12.0, len(ego_px))
    return np.asarray(np.hypot(np.where(in_saccade, way_px, 0.3 * way_px), noise_px))


def _px(values: FloatArray, known: BoolArray) -> pa.Array:
    return pa.array(np.round(values * _PX_STEP) / _PX_STEP, mask=~known)


def _deg(values: FloatArray, known: BoolArray) -> pa.Array:
    return pa.array(np.round(values * _DEG_STEP) / _DEG_STEP, mask=~known)


def _float32(values: FloatArray, known: BoolArray) -> pa.Array:
    # Half of the mantissa says nothing: 12 bits are kept, and files are half as large.
    bits = values.astype(np.float32).view(np.uint32) + np.uint32(1 << 10)
    short = (bits & np.uint32(0xFFFFF800)).view(np.float32)
    return pa.array(short, mask=~known)


def _int32(values: NDArray[np.integer], known: BoolArray) -> pa.Array:
    return pa.array(values.astype(np.int32), mask=~known)


def _names(places: NDArray[np.intp], names: Sequence[str]) -> pa.Array:
    return pa.array(list(names)).take(pa.array(places.astype(np.int32)))
