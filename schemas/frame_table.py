"""The frame table: one row per ego frame (``derived/frames.parquet``)."""

from .field import Field, Table

TRACKER = "tracker clock (Unix epoch)"
EGO = "ego view: scene camera pixels as delivered (distorted), origin top left, centres at integers"
ROAD = (
    "road view: pixels of phone/road.mp4 as players show it (turned as the file says), origin top "
    "left, centres at integers"
)
HEAD = "scene camera axes: x right, y down, z forward"

FRAME_TABLE = Table(
    name="frames",
    version=2,
    meaning="One row for each ego (scene camera) frame of a session, over all parts, padding "
    "included. Columns of stages that have not run are null.",
    fields=(
        Field(name="session_id", type="string", meaning="The session the frame belongs to."),
        Field(
            name="frame_index",
            type="int32",
            meaning="Position of the frame in the world video, counted from 0 over all parts, "
            "padding included.",
        ),
        Field(
            name="ego_frame_valid",
            type="bool",
            meaning="False for grey padding frames and frames that can't be decoded.",
        ),
        Field(
            name="timestamp_ns",
            type="int64",
            unit="ns",
            frame=TRACKER,
            meaning="The device's time stamp of the frame.",
        ),
        Field(
            name="road_frame_index",
            type="int32",
            nullable=True,
            meaning="The frame of phone/road.mp4, in presentation order, nearest in time; null "
            "where the road video has none within one frame interval or the clocks are unknown.",
        ),
        Field(
            name="road_time_error_ms",
            type="float32",
            unit="ms",
            frame="phone clock",
            nullable=True,
            meaning="Time of that road frame minus the time of the ego frame on the phone's clock.",
        ),
        Field(
            name="driver_frame_index",
            type="int32",
            nullable=True,
            meaning="The frame of phone/driver.mp4 nearest in time; null as for the road frame.",
        ),
        Field(
            name="driver_time_error_ms",
            type="float32",
            unit="ms",
            frame="phone clock",
            nullable=True,
            meaning="Time of that driver frame minus the time of the ego frame.",
        ),
        Field(
            name="gaze_ego_x_px",
            type="float64",
            unit="px",
            frame=EGO,
            nullable=True,
            meaning="Mean x of the frame's valid gaze samples (worn, outside of blinks).",
        ),
        Field(
            name="gaze_ego_y_px",
            type="float64",
            unit="px",
            frame=EGO,
            nullable=True,
            meaning="Mean y of the frame's valid gaze samples.",
        ),
        Field(
            name="gaze_ego_median_x_px",
            type="float64",
            unit="px",
            frame=EGO,
            nullable=True,
            meaning="Median x of the frame's valid gaze samples: less smeared by saccades.",
        ),
        Field(
            name="gaze_ego_median_y_px",
            type="float64",
            unit="px",
            frame=EGO,
            nullable=True,
            meaning="Median y of the frame's valid gaze samples.",
        ),
        Field(
            name="gaze_sample_count",
            type="int32",
            meaning="Valid gaze samples nearest to this frame; 0 where gaze is null.",
        ),
        Field(
            name="gaze_spread_px",
            type="float32",
            unit="px",
            frame=EGO,
            nullable=True,
            meaning="Root mean square distance of the frame's valid samples from their mean; null "
            "without samples, 0 for a single one.",
        ),
        Field(
            name="gaze_azimuth_deg",
            type="float64",
            unit="deg",
            frame=HEAD,
            nullable=True,
            meaning="Horizontal gaze angle of the mean point, right positive: atan x of the "
            "undistorted normalised point.",
        ),
        Field(
            name="gaze_elevation_deg",
            type="float64",
            unit="deg",
            frame=HEAD,
            nullable=True,
            meaning="Vertical gaze angle of the mean point, up positive: -asin(y / |(x, y, 1)|).",
        ),
        Field(
            name="worn",
            type="bool",
            nullable=True,
            meaning="Whether the glasses were worn for most of the frame's gaze samples; null "
            "without samples.",
        ),
        Field(
            name="blink",
            type="bool",
            nullable=True,
            meaning="Whether the frame's time lies in a blink; null where blinks are unknown.",
        ),
        Field(
            name="blink_id",
            type="int32",
            nullable=True,
            meaning="Number of that blink in the session; null outside of blinks.",
        ),
        Field(
            name="fixation_id",
            type="int32",
            nullable=True,
            meaning="Number of the fixation that the frame's time lies in; null outside. The "
            "method is in frames.json and in the sessions table.",
        ),
        Field(
            name="saccade",
            type="bool",
            nullable=True,
            meaning="Whether the frame's time lies between two fixations and outside of blinks; "
            "null where fixations are unknown.",
        ),
        Field(
            name="gaze_road_x_px",
            type="float64",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="Gaze carried to the road view, x; null without a homography.",
        ),
        Field(
            name="gaze_road_y_px",
            type="float64",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="Gaze carried to the road view, y.",
        ),
        Field(
            name="gaze_road_in_view",
            type="bool",
            nullable=True,
            meaning="Whether that point lies inside the road image.",
        ),
        Field(
            name="gaze_road_cov_xx_px2",
            type="float32",
            unit="px²",
            frame=ROAD,
            nullable=True,
            meaning="Variance of the road gaze point in x: what carrying it over adds, without the eye "
            "tracker's own error.",
        ),
        Field(
            name="gaze_road_cov_xy_px2",
            type="float32",
            unit="px²",
            frame=ROAD,
            nullable=True,
            meaning="Covariance of the road gaze point in x and y.",
        ),
        Field(
            name="gaze_road_cov_yy_px2",
            type="float32",
            unit="px²",
            frame=ROAD,
            nullable=True,
            meaning="Variance of the road gaze point in y.",
        ),
        Field(
            name="road_from_ego",
            type="float64[9]",
            frame="undistorted ego pixels to road pixels",
            nullable=True,
            meaning="Homography, row by row, scaled so that its last element is 1. It is that of things "
            "far away; where parallax between head and phone can be seen in a drive, that of things as "
            "near as what was looked at in this frame.",
        ),
        Field(
            name="homography_source",
            type="string",
            nullable=True,
            values=("direct", "propagated", "none"),
            meaning="How road_from_ego was obtained; null before the align stage.",
        ),
        Field(
            name="homography_inlier_count",
            type="int32",
            nullable=True,
            meaning="Correspondences that support the homography; 0 if it rests on the gyroscope "
            "alone.",
        ),
        Field(
            name="homography_hops",
            type="int32",
            nullable=True,
            meaning="Frames between this one and the direct match it was propagated from; 0 for "
            "a direct match.",
        ),
        Field(
            name="homography_error_px",
            type="float32",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="Estimated error (1 sigma per axis) of a mapped point: of the gaze point, or, "
            "without gaze, in the middle of the road view.",
        ),
        *(
            Field(
                name=f"gyro_{axis}_deg_s",
                type="float32",
                unit="deg/s",
                frame=HEAD,
                nullable=True,
                meaning=f"Mean rotation rate of the head about {axis} over the frame's samples.",
            )
            for axis in "xyz"
        ),
        *(
            Field(
                name=f"accel_{axis}_g",
                type="float32",
                unit="g",
                frame=HEAD,
                nullable=True,
                meaning=f"Mean specific force along {axis} over the frame's samples.",
            )
            for axis in "xyz"
        ),
        Field(
            name="speed_m_s",
            type="float32",
            unit="m/s",
            nullable=True,
            meaning="Speed of the car from the phone's location, interpolated between fixes no "
            "more than 5 s apart.",
        ),
        Field(
            name="car_yaw_rate_deg_s",
            type="float32",
            unit="deg/s",
            frame="road camera axes: x right, y down, z forward",
            nullable=True,
            meaning="How fast the road camera, and the car with it, turns to the right, as its video shows it; null "
            "before the vanishing_point stage.",
        ),
        Field(
            name="vanishing_point_x_px",
            type="float64",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="Vanishing point of the road, x.",
        ),
        Field(
            name="vanishing_point_y_px",
            type="float64",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="Vanishing point of the road, y.",
        ),
    ),
)
