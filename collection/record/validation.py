"""The parked five-point validation: the driver looks at known places, one after another."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LookAt:
    """A place to look at.

    Attributes
    ----------
    code
        Stands in the events ``validation.<code>.start`` and ``.end``.
    words
        What the observer says to the driver.
    """

    code: str
    words: str


POINTS: tuple[LookAt, ...] = (
    LookAt(code="bonnet_centre", words="the middle of the bonnet's front edge"),
    LookAt(code="mirror_left", words="the left outside mirror"),
    LookAt(code="mirror_inner", words="the inner mirror"),
    LookAt(code="mirror_right", words="the right outside mirror"),
    LookAt(code="speedometer", words="the speedometer"),
)

LOOK_S = 3.0
"""For how long the driver looks at each."""


def start_name(point: LookAt) -> str:
    """Name of the event at the start of a look."""
    return f"validation.{point.code}.start"


def end_name(point: LookAt) -> str:
    """Name of the event at its end."""
    return f"validation.{point.code}.end"
