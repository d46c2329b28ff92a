"""How much the server takes, and how long it waits."""

CHUNK_BYTES = 16 << 20
"""Largest piece of a stream: two seconds of a camera at 60 Mbit/s."""

MESSAGE_BYTES = 32 << 10
"""Largest message about a state."""

LOG_CHUNK_BYTES = 2 << 20
"""Largest piece of the log."""

PARTS = 64
"""Most parts of one stream; a page that is loaded again begins a new one."""

CHUNKS = 500_000
"""Most pieces of one part: more than five days at one a second."""

PAGES = 8
"""Most pages that are remembered at a time."""

REQUESTS_PER_S = 100.0
"""Most requests a second over ten seconds, from all pages together."""

BODIES_AT_ONCE = 8
"""Most bodies that are read at a time."""

FREE_BYTES = 256 << 20
"""Space that is left free on the disk."""

BODY_S = 30.0
"""Longest that one body may take to arrive."""

PAGE_GONE_S = 6.0
"""A page that was silent for so long is taken to be gone; it reports every second."""

CAMERAS_S = 3.0
"""Longest wait at start for a page to report that its cameras are open."""

START_S = 20.0
"""Longest wait for the first data of every camera after start."""

STOP_S = 60.0
"""Longest wait for the pages to hand over what they still hold after stop."""

FAREWELL_S = 4.0
"""Longest wait for the pages to learn that all has arrived."""
