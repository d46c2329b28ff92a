"""Why a connection failed, in the system's own words and nothing around them."""

import os


def reason(error: BaseException) -> str:
    """Give them in lower case, without addresses and numbers: ``connection refused``."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number > 0:
        # asyncio puts "Connect call failed" and the address in place of the system's words.
        return os.strerror(number).lower()
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).rstrip(".").lower()
