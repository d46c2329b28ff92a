"""Large files that stay on a remote store, and the small local files that stand for them.

A stand-in has the name of the remote file and says where it is and how it stood. Whoever reads media
opens them through this room, so that all the rest works with paths as ever.
"""

from .address import is_url, options_for, public_options, remembering, tidy_url
from .errors import RemoteChangedError, RemoteError
from .opening import content_size, fetch_stretches, open_binary, open_remote
from .reader import RemoteReader, same_content
from .stand_in import StandIn, is_stand_in, read_stand_in, write_stand_in
from .store import RemoteState, Store

__all__ = [
    "RemoteChangedError",
    "RemoteError",
    "RemoteReader",
    "RemoteState",
    "StandIn",
    "Store",
    "content_size",
    "fetch_stretches",
    "is_stand_in",
    "is_url",
    "open_binary",
    "open_remote",
    "options_for",
    "public_options",
    "read_stand_in",
    "remembering",
    "same_content",
    "tidy_url",
    "write_stand_in",
]
