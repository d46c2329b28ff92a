"""When a recording started, as far as its file tells."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from dashgaze.media import MediaInfo
from dashgaze.media.opening import open_media

from .formats import moment_in_name

_QUARTER = timedelta(minutes=15)
# The file's name has the start, creation_time some seconds after the end.
_TOLERANCE = timedelta(seconds=120)
_WIDEST_OFFSET = timedelta(hours=14)
_MODEL_TAGS = ("com.android.model", "com.apple.quicktime.model", "model")


@dataclass(frozen=True, kw_only=True)
class StartTime:
    """An estimate of when a recording started: ISO 8601 with offset, and how it was made."""

    text: str
    origin: str


def estimate_start(info: MediaInfo) -> StartTime | None:
    """Estimate when a video starts from its ``creation_time``, its length and its name.

    The name has local time to the second. Where it agrees with creation_time, which is UTC and
    about the end of the recording, but for whole quarters of an hour, those are the offset.
    """
    named = moment_in_name(info.path)
    created, length_s = info.created_at, info.duration_s
    if created is not None and length_s is not None:
        start = created - timedelta(seconds=length_s)
        if named is not None:
            for utc, how in ((start, "minus its length"), (created, "")):
                offset = _offset(named, utc)
                if offset is not None:
                    local = named.replace(tzinfo=timezone(offset))
                    return _estimate(local, f"the file's name and its creation_time {how}".strip())
        return _estimate(start, "the file's creation_time minus its length, good to some seconds")
    if named is not None and info.path.name.startswith("PXL_"):
        return _estimate(named.replace(tzinfo=UTC), "the file's name, which is in UTC")
    if named is not None:
        return _estimate(
            named.astimezone(), "the file's name, in the time zone of the computer that imported it"
        )
    return None


def phone_model(path: Path) -> str | None:
    """Give the model of the phone that a video names; None if it does not.

    Raises
    ------
    MediaError
        If the file can't be opened.
    """
    with open_media(path) as container:
        tags = {key.casefold(): value for key, value in container.metadata.items()}
    for tag in _MODEL_TAGS:
        model = " ".join(tags.get(tag, "").split())
        if model and model.isprintable():
            return model[:100]
    return None


def _offset(local: datetime, utc: datetime) -> timedelta | None:
    """Give local time's offset from UTC if the two differ by one."""
    difference = local - utc.replace(tzinfo=None)
    offset = round(difference / _QUARTER) * _QUARTER
    if abs(difference - offset) > _TOLERANCE or abs(offset) > _WIDEST_OFFSET:
        return None
    return offset


def _estimate(moment: datetime, origin: str) -> StartTime:
    return StartTime(text=moment.isoformat(timespec="seconds"), origin=origin)
