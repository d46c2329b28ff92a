"""Who may talk to the page's server; see `WebGuard` for what holds for every server of ours."""

from aiohttp import web

from dashgaze.collection.field.web_guard import GuardRules, WebGuard, content_policy

from . import limits

_HEADERS = {
    "Content-Security-Policy": content_policy(media_src="'self' blob:", img_src="data:"),
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self), "
    "accelerometer=(self), gyroscope=(self), screen-wake-lock=(self), fullscreen=(self)",
}


def page_guard(token: str, *, scheme: str, hosts: tuple[str, ...] = ()) -> WebGuard:
    """Make the guard of one server.

    The page itself is given to whoever asks under a known host name: it holds nothing of the session,
    and its token stands behind the ``#`` of its address, which browsers don't send. All else needs
    the token, in a header.

    Parameters
    ----------
    token, scheme, hosts
        See `WebGuard`.
    """
    rules = GuardRules(
        given_token=_bearer,
        open_to_all=lambda request: not request.path.startswith("/api/"),
        headers=_HEADERS,
        requests_per_s=lambda: limits.REQUESTS_PER_S,
    )
    return WebGuard(token, rules, scheme=scheme, hosts=hosts)


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
