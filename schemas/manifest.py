"""The session manifest: ``session.yaml``."""

import difflib
import os
import re
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from dashgaze.errors import ManifestError

from .plain_yaml import plain_yaml

MANIFEST_NAME = "session.yaml"
SESSION_SCHEMA: Literal["dashgaze/session/1"] = "dashgaze/session/1"

CameraPosition = Literal["under_mirror", "windscreen_centre", "windscreen_corner"]
Weather = Literal["clear", "cloudy", "rain", "fog"]
Lighting = Literal["day", "twilight", "night"]
Eyewear = Literal["none", "glasses", "lenses"]
ConsentScope = Literal["raw", "blurred", "gaze_only"]
EyeTrackerKind = Literal["pupil_invisible", "neon"]

CAMERA_POSITIONS: tuple[str, ...] = get_args(CameraPosition)
WEATHER: tuple[str, ...] = get_args(Weather)
LIGHTING: tuple[str, ...] = get_args(Lighting)
EYEWEAR: tuple[str, ...] = get_args(Eyewear)
CONSENT_SCOPES: tuple[str, ...] = get_args(ConsentScope)

_DEEPEST = 64
"""Lists and mappings in one another that YAML may have."""

_DAY_S = 86_400.0
_LONGEST_FOCAL_PX = 10_000_000
_LAST_YEAR = 2100
_LONGEST_NAME = 255
"""What file systems take, bytes."""

_ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _inside_session(value: Any) -> Any:
    """Refuse paths that leave the session folder; they would break when it is moved."""
    if isinstance(value, str):
        path = PurePosixPath(value.replace("\\", "/"))
        if not value or path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", value):
            raise ValueError("has to be a path inside of the session folder")
        if "\0" in value or any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts):
            raise ValueError("holds a name that no file can have")
        return str(path)
    return value


RelativePath = Annotated[
    str,
    BeforeValidator(_inside_session),
    Field(json_schema_extra={"x-frame": "session folder"}),
]


class _Model(BaseModel):
    # strict: YAML already has types; "3" for a number is a slip that the author should see
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, allow_inf_nan=False
    )


class Consent(_Model):
    """What the driver agreed to."""

    version: str = Field(description="Version of the consent form that was signed.")
    scope: ConsentScope = Field(description="What of the driver may leave the lab.")


class Intrinsics(_Model):
    """Pinhole model of the phone's rear camera, with OpenCV's distortion coefficients."""

    width_px: int = Field(gt=0, description="Image width.", json_schema_extra={"x-unit": "px"})
    height_px: int = Field(gt=0, description="Image height.", json_schema_extra={"x-unit": "px"})
    matrix: list[list[float]] = Field(
        description="Camera matrix, 3 × 3.", json_schema_extra={"x-unit": "px"}
    )
    distortion: list[float] = Field(
        default_factory=list,
        description="k1, k2, p1, p2 [, k3 [, k4, k5, k6]]; empty for none.",
    )

    @field_validator("matrix")
    @classmethod
    def _three_by_three(cls, value: list[list[float]]) -> list[list[float]]:
        if [len(row) for row in value] != [3, 3, 3]:
            raise ValueError("has to be three rows of three numbers")
        if any(abs(number) > _LONGEST_FOCAL_PX for row in value for number in row):
            raise ValueError(f"has numbers above {_LONGEST_FOCAL_PX:,} px")
        if not (value[0][0] > 0 and value[1][1] > 0 and value[2] == [0.0, 0.0, 1.0]):
            raise ValueError("needs focal lengths above 0 on its diagonal and the last row 0, 0, 1")
        return value

    @field_validator("distortion")
    @classmethod
    def _known_length(cls, value: list[float]) -> list[float]:
        if len(value) not in (0, 4, 5, 8):
            raise ValueError("has to hold 0, 4, 5 or 8 numbers")
        return value


class Phone(_Model):
    """The phone on the windscreen and its files."""

    model: str | None = Field(default=None, description="Model of the phone.")
    road: RelativePath = Field(description="Video of the rear camera, with sound.")
    driver: RelativePath | None = Field(default=None, description="Video of the front camera.")
    location: RelativePath | None = Field(default=None, description="CSV, GPX or NMEA track.")
    speed: RelativePath | None = Field(
        default=None, description="CSV of a logger on the car's OBD or CAN bus, in wall clock time."
    )
    started_at_ns: int | None = Field(
        default=None,
        description="Unix time of road.mp4's time zero on the phone's clock, where known more "
        "finely than recorded_at.",
        json_schema_extra={"x-unit": "ns", "x-frame": "phone wall clock (Unix epoch)"},
    )
    driver_offset_s: float = Field(
        default=0.0,
        description="Time of driver.mp4's container zero on the phone clock. Container time zero "
        "of both videos is taken to be the same moment unless this says otherwise.",
        json_schema_extra={"x-unit": "s", "x-frame": "phone clock"},
    )
    driver_mirrored: bool = Field(
        default=False,
        description="Whether driver.mp4 is a mirror image, as many phones store the front camera's: "
        "writing in it reads backwards. Faces are looked for in its pictures turned back.",
    )
    intrinsics: Intrinsics | None = Field(
        default=None, description="Calibration of the rear camera, if one was made."
    )

    @field_validator("started_at_ns")
    @classmethod
    def _within_clocks(cls, value: int | None) -> int | None:
        if value is not None and not 0 <= value < 2**62:
            raise ValueError("is no Unix time in nanoseconds")
        return value

    @field_validator("driver_offset_s")
    @classmethod
    def _within_a_day(cls, value: float) -> float:
        if abs(value) > _DAY_S:
            raise ValueError("is more than a day")
        return value


class EyeTracker(_Model):
    """The eye tracker and its recording."""

    kind: EyeTrackerKind = Field(description="Type of device.")
    path: RelativePath = Field(description="Native folder or Cloud export, as it was delivered.")


class SessionManifest(_Model):
    """Content of ``session.yaml``.

    Only what a computation can't do without is required; ``dashgaze check`` asks for the rest.
    """

    schema_id: Annotated[
        Literal["dashgaze/session/1"],
        Field(alias="schema", description="Name and version of this format."),
    ]
    session_id: str = Field(
        description="Name of the session, unique in the data set; letters, digits, . _ -"
    )
    driver_id: str | None = Field(
        default=None, description="Pseudonym of the driver; the key is kept elsewhere."
    )
    recorded_at: str | None = Field(
        default=None,
        description="ISO 8601 with offset: the phone's wall clock at road.mp4's time zero.",
        json_schema_extra={"x-frame": "phone wall clock"},
    )
    car: str | None = Field(default=None, description="Make and model of the car.")
    camera_position: CameraPosition | None = Field(
        default=None, description="Where the phone is mounted."
    )
    weather: Weather | None = Field(default=None, description="The weather.")
    lighting: Lighting | None = Field(default=None, description="The light.")
    eyewear: Eyewear | None = Field(
        default=None, description="What the driver wears beside the eye tracker."
    )
    passengers: int | None = Field(
        default=None, ge=0, description="People in the car beside the driver."
    )
    consent: Consent | None = Field(default=None, description="What the driver agreed to.")
    phone: Phone
    eye_tracker: EyeTracker

    @field_validator("session_id", "driver_id")
    @classmethod
    def _plain_name(cls, value: str | None) -> str | None:
        if value is not None and not _ID_PATTERN.fullmatch(value):
            raise ValueError(
                "may hold letters, digits, '.', '_' and '-' and starts with one of the first two"
            )
        return value

    @field_validator("recorded_at", mode="before")
    @classmethod
    def _iso_with_offset(cls, value: Any) -> Any:
        # an unquoted time stamp is a datetime to YAML; it loses nothing by becoming text again
        if isinstance(value, datetime):
            value = value.isoformat()
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value)
            except ValueError as error:
                raise ValueError("has to be ISO 8601, such as 2026-05-12T09:30:00+02:00") from error
            if moment.tzinfo is None:
                raise ValueError("needs its offset from UTC, such as +02:00 at the end")
            if not 1970 < moment.year < _LAST_YEAR:
                raise ValueError("lies outside of the years that clocks of files can say")
        return value

    @property
    def phone_start_ns(self) -> int | None:
        """Unix time of road.mp4's time zero on the phone's wall clock, ns; None if unknown."""
        if self.phone.started_at_ns is not None:
            return self.phone.started_at_ns
        if self.recorded_at is None:
            return None
        moment = datetime.fromisoformat(self.recorded_at)
        return int(moment.timestamp()) * 10**9 + moment.microsecond * 1000


class _Strictness:
    """What strict loaders do with nodes, whichever parser has made them."""

    def get_single_data(self) -> Any:
        """Give the document; one that is nested too deeply is refused."""
        try:
            return super().get_single_data()  # type: ignore[misc]  # of a loader
        except RecursionError as error:
            raise yaml.composer.ComposerError(
                None, None, "it is nested too deeply", self._mark()
            ) from error
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"a value that can't be: {error}", self._mark()
            ) from error

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Give a value; one that is not of its own type (``!!int x``) is refused."""
        try:
            return super().construct_object(node, deep=deep)  # type: ignore[misc]  # of a loader
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"a value that can't be: {error}", node.start_mark
            ) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Give a mapping; refuse one with a key twice."""
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)  # type: ignore[misc]  # of a loader
        return found

    def _mark(self) -> yaml.Mark | None:
        return self.get_mark() if isinstance(self, yaml.reader.Reader) else None


class StrictLoader(_Strictness, yaml.SafeLoader):
    """Safe YAML in which a key that stands twice is an error, not a silent loss.

    Whatever is wrong with a text, it raises a `yaml.YAMLError` that names the place. Deep nesting, which takes the
    parser minutes, is refused.
    """

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Give a node; one that lies too deep is refused."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise yaml.composer.ComposerError(
                None, None, "it is nested too deeply", self.get_mark()
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _QuickLoader(_Strictness, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # known when run
    """The same by libyaml, where it is there: ten times as fast. It must not be given deep nesting."""


def _load(text: str) -> Any:
    """Read YAML text: quickly if nothing is wrong with it, else with the words of `StrictLoader`."""
    try:
        if not nested_deeper(text, _DEEPEST):
            return yaml.load(text, Loader=_QuickLoader)
    except yaml.YAMLError:
        pass  # the other parser says better what is wrong
    return yaml.load(text, Loader=StrictLoader)


def yaml_events(text: str) -> Iterator[yaml.Event]:
    """Give the events of a YAML text, quickly.

    Raises
    ------
    yaml.YAMLError
        Where it ends to be YAML.
    """
    yield from yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def nested_deeper(text: str, depth: int) -> bool:
    """Whether lists and mappings lie in one another deeper than so many."""
    now = 0
    for event in yaml_events(text):
        now += isinstance(event, yaml.CollectionStartEvent)
        now -= isinstance(event, yaml.CollectionEndEvent)
        if now > depth:
            return True
    return False


def parse_manifest(text: str, *, path: Path) -> SessionManifest:
    """Read a manifest from YAML text.

    Parameters
    ----------
    text
        Content of the file.
    path
        Where it came from, for messages.

    Raises
    ------
    ManifestError
        With every fault: broken YAML, unknown keys (naming the nearest known one), missing keys,
        values of the wrong type or outside of the allowed ones.
    """
    try:
        content = plain_yaml(text, deepest=_DEEPEST)
        if content is None:
            content = _load(text)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ManifestError(
            f"{path} is not valid YAML: {reason}.", fix="Mend that line.", path=path
        ) from error
    return manifest_of(content, path=path)


def manifest_of(content: Any, *, path: Path) -> SessionManifest:
    """Give the manifest that the content of a YAML text makes.

    Parameters
    ----------
    content
        What the text holds.
    path
        Where it came from, for messages.

    Raises
    ------
    ManifestError
        As `parse_manifest`, but for broken YAML.
    """
    if not isinstance(content, dict):
        raise ManifestError(
            f"{path} holds no keys.",
            fix="Write one with `dashgaze import`, or see the README for an example.",
            path=path,
        )
    try:
        return SessionManifest.model_validate(content)
    except ValidationError as error:
        problems = tuple(describe_fault(fault) for fault in error.errors())
        count = len(problems)
        raise ManifestError(
            f"{path} has {'a fault' if count == 1 else f'{count} faults'}: {'; '.join(problems)}.",
            problems=problems,
            fix=f"Mend {path.name}, then run `dashgaze check` on the folder.",
            path=path,
        ) from error


def describe_fault(fault: Any) -> str:
    """Say in words what pydantic found wrong with a manifest."""
    location = ".".join(str(part) for part in fault["loc"])
    match fault["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(
                str(fault["loc"][-1]), _known_keys(fault["loc"][:-1]), n=1, cutoff=0.5
            )
            known = f", did you mean '{near[0]}'?" if near else ""
            return f"unknown key '{location}'{known}"
        case "missing":
            return f"'{location}' is missing"
        case "literal_error":
            return f"'{location}' is {fault['input']!r}, expected {fault['ctx']['expected']}"
        case "value_error":
            return f"'{location}' is {fault['input']!r} but {fault['ctx']['error']}"
    return f"'{location}' is {fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _known_keys(location: Iterable[Any]) -> list[str]:
    model: type[BaseModel] | None = SessionManifest
    for part in location:
        if model is None or part not in model.model_fields:
            return []
        model = nested_model(model.model_fields[part].annotation)
    if model is None:
        return []
    return [info.alias or name for name, info in model.model_fields.items()]


def nested_model(annotation: Any) -> type[BaseModel] | None:
    """Give the model that a field holds, if it holds one."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def dump_manifest(manifest: SessionManifest) -> str:
    """Write a manifest as YAML text; what is not known is left out."""
    content = manifest.model_dump(by_alias=True, exclude_none=True)
    for name in ("driver_offset_s", "driver_mirrored"):
        if not content["phone"].get(name):
            content["phone"].pop(name, None)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
