"""Sessions on a remote store: found, worked on through a local view, and their results sent back."""

from dashgaze.remote_file import RemoteChangedError, RemoteError, is_url

from .finding import find_remote_sessions
from .remote_session import remote_session
from .view import default_cache

__all__ = [
    "RemoteChangedError",
    "RemoteError",
    "default_cache",
    "find_remote_sessions",
    "is_url",
    "remote_session",
]
