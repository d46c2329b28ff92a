"""What of a driver may leave the lab."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashgaze.schemas.dataset_manifest import DriverPictures, Outward
from dashgaze.schemas.manifest import CONSENT_SCOPES, ConsentScope


@dataclass(frozen=True, kw_only=True)
class Release:
    """What of one session may be packed.

    Attributes
    ----------
    scope
        The consent that this follows from.
    outward
        In which state pictures of the ego and road views are packed.
    driver
        In which state pictures of the driver view are packed; crops of face and eyes only if raw.
    face_numbers
        Whether box, landmarks and head pose, which are measured on the face, are packed.
    """

    scope: ConsentScope
    outward: Outward
    driver: DriverPictures
    face_numbers: bool


def narrowest(scopes: Iterable[ConsentScope]) -> ConsentScope:
    """Give the narrowest of several scopes: who narrowed consent once meant all of the drives.

    Raises
    ------
    ValueError
        If there is none, or one is no scope.
    """
    return max(scopes, key=CONSENT_SCOPES.index)


def release_under(scope: ConsentScope, *, as_recorded: bool = False) -> Release:
    """Say what a scope allows.

    ===========  ==================  ================  ========================
    scope        ego and road        driver            box, landmarks, head pose
    ===========  ==================  ================  ========================
    raw          anonymized          raw               yes
    blurred      anonymized          blurred           yes
    gaze_only    none                none              no
    ===========  ==================  ================  ========================

    Parameters
    ----------
    scope
        What the driver agreed to.
    as_recorded
        Whether ego and road pictures are packed without faces and plates blurred: others than the
        driver are seen there, so that somebody has to have decided it.

    Raises
    ------
    ValueError
        If the scope is not one of these three: what is not understood releases nothing.
    """
    if scope not in CONSENT_SCOPES:
        raise ValueError(f"{scope!r} is no consent scope; one of {', '.join(CONSENT_SCOPES)} is")
    if scope == "gaze_only":
        return Release(scope=scope, outward="none", driver="none", face_numbers=False)
    return Release(
        scope=scope,
        outward="as_recorded" if as_recorded else "anonymized",
        driver="raw" if scope == "raw" else "blurred",
        face_numbers=True,
    )
