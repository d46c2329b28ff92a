"""What the page tells the server: untrusted, so checked to the last field."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from . import limits

Stream = Literal["road", "driver", "log"]
Role = Literal["both", "road", "driver"]
Mime = Literal["video/webm", "video/mp4", "video/x-matroska", "application/jsonl"]

Key = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Milliseconds = Annotated[float, Field(ge=0, le=1e14, allow_inf_nan=False)]
Words = Annotated[str, Field(max_length=300)]
Seq = Annotated[int, Field(ge=0, lt=limits.CHUNKS)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartOpening(_Message):
    """That a recorder was started.

    Times are the page's clock: Unix milliseconds that run on evenly from when it was loaded.
    """

    key: Key
    page: Key
    device: Key
    stream: Stream
    mime: Mime
    start_ms: Milliseconds
    wall_minus_page_ms: Annotated[float, Field(ge=-1e14, le=1e14, allow_inf_nan=False)] = 0.0
    width_px: Annotated[int, Field(ge=0, le=16384)] = 0
    height_px: Annotated[int, Field(ge=0, le=16384)] = 0


class PartEnd(_Message):
    """That it was stopped, after so many pieces."""

    key: Key
    count: Seq
    reason: Words = ""


class Piece(_Message):
    """Which piece of which part a body is."""

    key: Key
    seq: Seq


class Ping(_Message):
    """When the page sent it, on its clock."""

    page: Key
    t0_ms: Milliseconds


class Clock(_Message):
    """The best of the last pings: ``page = host + offset``."""

    offset_ms: Annotated[float, Field(ge=-1e14, le=1e14, allow_inf_nan=False)]
    rtt_ms: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    host_ms: Milliseconds


class Camera(_Message):
    """How a camera does."""

    live: bool = False
    fps: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None
    width_px: Annotated[int, Field(ge=0, le=16384)] | None = None
    height_px: Annotated[int, Field(ge=0, le=16384)] | None = None


class Beat(_Message):
    """How a page is, once a second; null for what it does not know."""

    page: Key
    device: Key
    role: Role
    state: Literal["new", "probing", "ready", "recording", "sending", "done", "failed"]
    road: Camera | None = None
    driver: Camera | None = None
    one_camera: bool = False
    battery_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    charging: bool | None = None
    wake_lock: bool | None = None
    visible: bool = True
    sound_dbfs: Annotated[float, Field(ge=-200, le=10, allow_inf_nan=False)] | None = None
    location_fix: bool | None = None
    speed_m_s: Annotated[float, Field(ge=0, le=200, allow_inf_nan=False)] | None = None
    spool_bytes: Annotated[int, Field(ge=0, le=1 << 50)] = 0
    spool_limit_bytes: Annotated[int, Field(ge=0, le=1 << 50)] = 0
    clock: Clock | None = None
    trouble: Words = ""
    browser: Words = ""


class Wish(_Message):
    """That somebody pressed start or stop on the page."""

    page: Key
    what: Literal["start", "stop"]
