"""What can be chosen of a data set."""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import DatasetManifest

_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is in a data set, the same for all of its sessions.

    Attributes
    ----------
    images
        Whether there are picture crops.
    videos
        Whether there are videos.
    raw_gaze
        Whether there is the table of raw gaze samples.
    location
        Whether there is the coarse location of the car.
    sound
        Whether the road videos have their sound.
    as_recorded
        Whether ego and road pictures are packed without faces and plates blurred.
    as_recorded_reason
        Why they may be; empty if they are not.
    images_every
        One frame in so many has its crops.
    """

    images: bool = False
    videos: bool = False
    raw_gaze: bool = True
    location: bool = False
    sound: bool = False
    as_recorded: bool = False
    as_recorded_reason: str = ""
    images_every: int = 6

    @property
    def pictures(self) -> bool:
        """Whether there is any picture."""
        return self.images or self.videos


@dataclass(frozen=True, kw_only=True)
class PackOptions:
    """What `pack` is asked for.

    Attributes
    ----------
    images, videos, raw_gaze, location, sound, as_recorded, as_recorded_reason, images_every
        See `Content`. None: as the data set that is packed again has it; for a new one the default of
        `Content`.
    split_protocol
        Name of a split protocol, or a file of one. None: as the data set has it, else the default.
    about
        A file that says what papers say of the data set. None: as the data set has it, else nothing.
    version
        Version of the data. None: found from what changed.
    doubtful
        Whether drives whose clocks are doubtful are packed; if so, their row says so.
    prune
        Whether sessions of the data set that are not among the drives are removed.
    verify
        Whether the files that are kept are read to see that they are still what they were.
    force
        Whether sessions that did not change are written again.
    """

    images: bool | None = None
    videos: bool | None = None
    raw_gaze: bool | None = None
    location: bool | None = None
    sound: bool | None = None
    as_recorded: bool | None = None
    as_recorded_reason: str | None = None
    images_every: int | None = None
    split_protocol: str | Path | None = None
    about: Path | None = None
    version: str | None = None
    doubtful: bool = True
    prune: bool = False
    verify: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        if self.version is not None and not _VERSION.fullmatch(self.version):
            raise InputError(
                f"{self.version!r} is no version.",
                fix="Write three numbers, such as --version 1.2.0.",
            )
        if self.images_every is not None and self.images_every < 1:
            raise InputError(
                f"Crops of one frame in {self.images_every} can't be made.",
                fix="Give a whole number from 1 on.",
            )

    def content(self, old: DatasetManifest | None) -> Content:
        """Say what the data set will hold.

        Parameters
        ----------
        old
            The data set as it is; None for a new one.
        """
        chosen: dict[str, Any] = {}
        for field in dataclasses.fields(Content):
            value = getattr(self, field.name)
            if value is None and old is not None:
                value = old.options.get(field.name)
            if value is not None:
                chosen[field.name] = value
        content = Content(**chosen)
        if self.sound and not content.videos:
            raise InputError(
                "Sound is part of the videos.", fix="Add --videos, or leave out --sound."
            )
        if self.as_recorded and not content.pictures:
            raise InputError(
                "There is no picture to be packed as recorded.",
                fix="Add --videos or --images, or leave out --as-recorded.",
            )
        if content.as_recorded and not content.as_recorded_reason.strip():
            raise InputError(
                "Others are seen in pictures that are packed as recorded, and it is not said why that may be.",
                fix='Say who decided it and why: --as-recorded "…", or use `dashgaze anonymize`.',
            )
        return _without_idle_choices(content)


def _without_idle_choices(content: Content) -> Content:
    """Forget choices that nothing follows from, so that equal data sets have equal options."""
    default = Content()
    return dataclasses.replace(
        content,
        sound=content.sound and content.videos,
        as_recorded=content.as_recorded and content.pictures,
        as_recorded_reason=(
            content.as_recorded_reason.strip() if content.as_recorded and content.pictures else ""
        ),
        images_every=content.images_every if content.images else default.images_every,
    )
