"""The time map: how the phone's clock maps to the tracker's (``derived/time_map.json``)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TIME_MAP_SCHEMA: Literal["dashgaze/time-map/1"] = "dashgaze/time-map/1"

Verdict = Literal["ok", "doubtful", "failed"]


def _quantity(unit: str, meaning: str, frame: str = "", **bounds: Any) -> Any:
    extra: dict[str, Any] = {"x-unit": unit} | ({"x-frame": frame} if frame else {})
    return Field(description=meaning, json_schema_extra=extra, **bounds)


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )


class Segment(_Model):
    """A stretch of the drive on which one line maps the clocks.

    ``t_tracker_s = offset_s + (1 + drift_ppm · 1e-6) · t_phone_s`` for phone_start_s ≤ t_phone_s <
    phone_end_s; outside of all segments the nearest one is continued. The standard error at t is
    ``hypot(offset_se_ms, drift_se_ppm · 1e-3 · (t - (phone_start_s + phone_end_s) / 2))`` ms.
    """

    phone_start_s: float = _quantity("s", "Start of the stretch.", "phone clock")
    phone_end_s: float = _quantity("s", "End of the stretch.", "phone clock")
    offset_s: float = _quantity("s", "Tracker time at phone time zero.", "tracker clock")
    # Clocks of one per cent would be broken; a rate of 0 or less is no clock at all.
    drift_ppm: float = _quantity(
        "ppm", "By how much the tracker's clock runs faster.", ge=-100_000, le=100_000
    )
    offset_se_ms: float | None = _quantity(
        "ms", "Standard error of the mapped time at the middle of the stretch; null if unknown."
    )
    drift_se_ppm: float | None = _quantity("ppm", "Standard error of the drift; null if unknown.")


class SecondWitness(_Model):
    """An independent look at the same offset."""

    method: str = Field(description="What was compared: events, envelope or motion.")
    disagreement_ms: float | None = _quantity(
        "ms", "Its offset minus the time map's, at mid-drive; null where it can't tell."
    )
    strength: float | None = Field(
        description="Height of its peak over the spread of its curve; null where it can't tell."
    )
    agrees: bool | None = Field(
        description="Whether it confirms the map; null where it can't tell either way."
    )


class Evidence(_Model):
    """What the verdict rests on."""

    method: str = Field(description="How the map was found: sound or manual.")
    windows_total: int = Field(description="Windows of sound that were compared.", ge=0)
    windows_used: int = Field(description="Windows that support the map.", ge=0)
    inlier_share: float | None = Field(
        description="windows_used / windows_total; null without windows."
    )
    peak_ratio: float | None = Field(
        description="Best peak of the stacked correlation over the best one elsewhere."
    )
    residual_mad_ms: float | None = _quantity(
        "ms", "Median absolute deviation of the supporting windows from the map."
    )
    overlap_s: float | None = _quantity("s", "Length of the common stretch.", "phone clock")
    second_witness: SecondWitness | None = Field(description="Null where none could be asked.")
    driver_disagreement_ms: float | None = _quantity(
        "ms",
        "Offset of driver.mp4 to road.mp4 by their sound, minus the one by their time stamps; "
        "null where the driver video has no sound of its own.",
        "phone clock",
    )
    wall_clock_disagreement_s: float | None = _quantity(
        "s",
        "What the wall clocks say of the offset, minus the map; null where they say nothing.",
    )


class TimeMapDocument(_Model):
    """Content of ``time_map.json``."""

    schema_id: Annotated[
        Literal["dashgaze/time-map/1"],
        Field(alias="schema", description="Name and version of this format."),
    ] = TIME_MAP_SCHEMA
    verdict: Verdict = Field(
        description="ok: use it. doubtful: look at the reasons first. failed: no usable map."
    )
    reasons: tuple[str, ...] = Field(description="Why, in sentences; may be empty if ok.")
    segments: tuple[Segment, ...] = Field(
        description="In order of time; empty if and only if the verdict is failed."
    )
    evidence: Evidence
    inputs: dict[str, Any] = Field(description="The files read, with size and fingerprint.")
    options: dict[str, Any] = Field(description="The options of the run.")
    versions: dict[str, str] = Field(description="Versions of dashgaze and what it computed with.")

    @model_validator(mode="after")
    def _map_unless_failed(self) -> "TimeMapDocument":
        if bool(self.segments) == (self.verdict == "failed"):
            raise ValueError("a map has segments if and only if its verdict is not failed")
        return self
