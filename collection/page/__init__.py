"""The page that makes a phone's browser the camera, and the server behind it.

aiohttp comes with the extra ``collect``; importing this without it raises `MissingExtraError`.
"""

import importlib.util

from dashgaze.errors import MissingExtraError

if importlib.util.find_spec("aiohttp") is None:
    raise MissingExtraError(
        "The page's server needs aiohttp, which is not installed.",
        fix="Type: pip install 'dashgaze[collect]'",
    )

from .cable import Cable
from .finishing import PageResult, PartReport
from .handing_over import hand_over
from .lan import Certificate, lan_address, own_certificate, settings_folder
from .manifest_entry import phone_entries
from .page_phone import PagePhone, open_page_phone
from .qr import qr_lines
from .server import PageServer
from .serving import serve

__all__ = [
    "Cable",
    "Certificate",
    "PagePhone",
    "PageResult",
    "PageServer",
    "PartReport",
    "hand_over",
    "lan_address",
    "open_page_phone",
    "own_certificate",
    "phone_entries",
    "qr_lines",
    "serve",
    "settings_folder",
]
