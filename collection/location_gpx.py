"""Track points of a GPX file (1.0 or 1.1, https://www.topografix.com/gpx.asp)."""

from pathlib import Path
from xml.parsers import expat

from dashgaze.errors import InputError

from .location_fix import Fix, iso_to_ns, to_number

_MAX_VALUE_CHARS = 100  # of a time or speed; longer text is neither


def read_gpx(content: bytes, path: Path) -> list[Fix]:
    """Read all track points, in the order of the file.

    A ``speed`` anywhere inside of a track point is taken, in m/s as GPX 1.0, Garmin's
    TrackPointExtension and OsmAnd have it. Way points and routes are no track and not read.

    Parameters
    ----------
    content
        The file.
    path
        Where it came from, for messages.

    Raises
    ------
    InputError
        If it is not well-formed XML, or declares a DTD: GPX has none, and entities declared there
        can blow a small file up to fill the memory.
    """
    reader = _TrackPoints(path)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.refuse_dtd
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter: odd encodings
        raise InputError(
            f"{path} is not well-formed GPX: {error}.",
            fix="Export it again from the app that made it.",
            path=path,
        ) from error
    return reader.fixes


class _TrackPoints:
    """Collects track points from the events of an XML parser."""

    def __init__(self, path: Path) -> None:
        self.fixes: list[Fix] = []
        self._path = path
        self._segment = 0
        self._place: dict[str, str] | None = None  # attributes of the track point we are in
        self._values: dict[str, str] = {}  # its first time and speed
        self._text: list[str] | None = None  # of the value we are in

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local_name(tag)
        if name == "trkseg":
            self._segment += 1
        elif name == "trkpt":
            self._place, self._values = attributes, {}
        elif self._place is not None and name in ("time", "speed") and name not in self._values:
            self._text = []

    def characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        name = _local_name(tag)
        if name == "trkpt" and self._place is not None:
            self.fixes.append(
                Fix(
                    timestamp_ns=iso_to_ns(self._values.get("time", "")),
                    latitude_deg=to_number(self._place.get("lat")),
                    longitude_deg=to_number(self._place.get("lon")),
                    speed_m_s=to_number(self._values.get("speed")),
                    segment=self._segment,
                )
            )
            self._place = None
        elif self._text is not None and name in ("time", "speed"):
            self._values[name] = "".join(self._text)[:_MAX_VALUE_CHARS]
            self._text = None

    def refuse_dtd(self, *_: object) -> None:
        raise InputError(
            f"{self._path} declares a document type (DTD), which GPX does not have.",
            fix="Export it again from the app that made it.",
            path=self._path,
        )


def _local_name(tag: str) -> str:
    return tag.rpartition(":")[2].lower()
