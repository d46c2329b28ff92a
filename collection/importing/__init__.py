"""From files of any origin to a session folder."""

from .composite import Parted, part_composite
from .conditions import Conditions
from .formats import LOCATION_SUFFIXES, VIDEO_SUFFIXES, part_number
from .joining import Joined, join_parts
from .layouts import Layout, parse_layout
from .phone_files import IMPORT_RECORD, Made
from .session_import import Imported, import_session
from .verified_copy import CHECKSUMS_NAME

__all__ = [
    "CHECKSUMS_NAME",
    "IMPORT_RECORD",
    "LOCATION_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Conditions",
    "Imported",
    "Joined",
    "Layout",
    "Made",
    "Parted",
    "import_session",
    "join_parts",
    "parse_layout",
    "part_composite",
    "part_number",
]
