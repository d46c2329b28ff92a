"""From files of any origin to a session folder."""

from .conditions import Conditions
from .formats import LOCATION_SUFFIXES, VIDEO_SUFFIXES, part_number
from .session_import import Imported, import_session
from .verified_copy import CHECKSUMS_NAME

__all__ = [
    "CHECKSUMS_NAME",
    "LOCATION_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Conditions",
    "Imported",
    "import_session",
    "part_number",
]
