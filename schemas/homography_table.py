"""The homography table: how each ego frame maps to the road view (``derived/homographies.parquet``)."""

from .field import Field, Table
from .frame_table import FRAME_TABLE, ROAD

_OF_FRAMES = {field.name: field for field in FRAME_TABLE.fields}

HOMOGRAPHY_TABLE = Table(
    name="homographies",
    version=1,
    meaning="One row for each ego frame, in the order of the frame table: the map from ego to road "
    "view, where it came from, how exact it is, and why there is none.",
    fields=(
        _OF_FRAMES["session_id"],
        _OF_FRAMES["frame_index"],
        _OF_FRAMES["timestamp_ns"],
        Field(
            name="road_frame_index",
            type="int32",
            nullable=True,
            meaning="The road frame it was compared with; the map holds at the ego frame's own time.",
        ),
        Field(
            name="homography_source",
            type="string",
            values=("direct", "propagated", "none"),
            meaning="How the map was obtained: by matching the two pictures, from matches of frames "
            "before and after, or not at all.",
        ),
        Field(
            name="none_reason",
            type="string",
            nullable=True,
            values=(
                "no_road_frame",
                "ego_invalid",
                "ego_undecodable",
                "road_undecodable",
                "road_other_shape",
                "road_out_of_view",
                "no_match_near",
                "too_uncertain",
            ),
            meaning="Why there is no map: no road frame at that time; a padding or unusable ego frame; "
            "a damaged picture of either view; a road picture of another shape; the head turned away "
            "from the road; no direct match near enough; a predicted error beyond the limit.",
        ),
        Field(
            name="match_refusal",
            type="string",
            nullable=True,
            values=(
                "out_of_sight",
                "few_features",
                "no_consensus",
                "few_inliers",
                "implausible",
                "off_course",
            ),
            meaning="Why the two pictures could not be matched; null if they were, or if there were "
            "none. out_of_sight: not tried, as the road was lost before; few_features: blur, "
            "darkness; no_consensus, few_inliers: they don't show the same; implausible: the map is "
            "none of things far away; off_course: it contradicts the frames around it.",
        ),
        _OF_FRAMES["road_from_ego"],
        Field(
            name="road_from_ego_covariance",
            type="float32[36]",
            nullable=True,
            meaning="Upper triangle, by rows, of the covariance of the first eight elements of the same "
            "map between normalised coordinates: rays on the ego side, widths of the picture from its "
            "middle on the road side, last element 1.",
        ),
        *(
            Field(
                name=f"model_cov_{axes}_px2",
                type="float32",
                unit="px²",
                frame=ROAD,
                nullable=True,
                meaning="To be added to the covariance of a mapped point: things of "
                "unknown distance, time stamps that are not exact, a lens that is not known. "
                f"Element {axes}.",
            )
            for axes in ("xx", "xy", "yy")
        ),
        _OF_FRAMES["homography_inlier_count"],
        Field(
            name="homography_match_count",
            type="int32",
            nullable=True,
            meaning="Matches the direct map was estimated from.",
        ),
        _OF_FRAMES["homography_hops"],
        _OF_FRAMES["homography_error_px"],
        Field(
            name="keypoint_sigma_px",
            type="float32",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="Noise of keypoints of the finest scale in a direct match, per axis.",
        ),
    ),
)
