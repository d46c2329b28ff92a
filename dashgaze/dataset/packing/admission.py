"""Which sessions may be packed, and what of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashgaze.dataset.consent import Release, narrowest, release_under
from dashgaze.errors import InputError, ManifestError
from dashgaze.fingerprint import fingerprint
from dashgaze.schemas.dataset_manifest import DatasetSession
from dashgaze.schemas.manifest import MANIFEST_NAME, ConsentScope
from dashgaze.session import DERIVED_NAME, Session
from dashgaze.stages.filled_tables import state_of_tables
from dashgaze.stages.frames import FRAMES_NAME
from dashgaze.stages.frames import RECORD_NAME as FRAMES_RECORD_NAME
from dashgaze.stages.record import read_record
from dashgaze.stages.session_clock import TIME_MAP_NAME, read_session_clock

from .drivers import driver_digest

_ASKS = {
    "consent": "consent: {version: '1.0', scope: raw}  # or blurred, or gaze_only: as was signed",
    "driver_id": "driver_id: D01  # the driver's pseudonym",
}


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A session that is packed.

    Attributes
    ----------
    session
        The session.
    driver_id
        Pseudonym of its driver.
    release
        What of it may be packed.
    doubtful
        Whether its clocks are doubtful.
    """

    session: Session
    driver_id: str
    release: Release
    doubtful: bool

    @property
    def session_id(self) -> str:
        """Name of the session."""
        return self.session.manifest.session_id


@dataclass(frozen=True, kw_only=True)
class LeftOutDrive:
    """A session that is not packed.

    Attributes
    ----------
    session_id
        Its name.
    path
        Its folder.
    driver_digest
        What its driver would be known by after withdrawing.
    reason
        Why it is not packed, in words that may leave the lab.
    advice
        More of it for those in the lab: what the stages say, what to type.
    withdrawn
        Whether its driver withdrew: then the data set must not even name it.
    """

    session_id: str
    path: Path
    driver_digest: str
    reason: str
    advice: str = ""
    withdrawn: bool = False


def admit(
    sessions: Sequence[Session],
    *,
    withdrawn: set[str],
    kept: Sequence[DatasetSession] = (),
    as_recorded: bool = False,
    doubtful: bool = True,
) -> tuple[list[Admitted], list[LeftOutDrive]]:
    """Say of each session whether it is packed.

    Parameters
    ----------
    sessions
        All sessions that were found.
    withdrawn
        Digests of the drivers who withdrew.
    kept
        Sessions that stay in the data set though their drives are not at hand.
    as_recorded
        Whether ego and road pictures are packed as recorded.
    doubtful
        Whether sessions with doubtful clocks are packed.

    Raises
    ------
    ManifestError
        If consent or driver of a session is not known.
    InputError
        If a driver narrowed consent, and sessions that stay in the data set would break it.
    """
    left_out = [_withdrawn(session) for session in sessions if _driver(session) in withdrawn]
    staying = [session for session in sessions if _driver(session) not in withdrawn]
    _refuse_unknown(staying)
    scopes = _scopes(staying, kept)
    admitted = []
    for session in staying:
        driver_id = session.manifest.driver_id or ""
        verdict, reason, advice = _state(session, doubtful=doubtful)
        if reason:
            left_out.append(
                LeftOutDrive(
                    session_id=session.manifest.session_id,
                    path=session.root,
                    driver_digest=driver_digest(driver_id),
                    reason=reason,
                    advice=advice,
                )
            )
            continue
        admitted.append(
            Admitted(
                session=session,
                driver_id=driver_id,
                release=release_under(scopes[driver_id], as_recorded=as_recorded),
                doubtful=verdict == "doubtful",
            )
        )
    return admitted, sorted(left_out, key=lambda each: each.session_id)


def _driver(session: Session) -> str:
    return driver_digest(session.manifest.driver_id or "")


def _withdrawn(session: Session) -> LeftOutDrive:
    return LeftOutDrive(
        session_id=session.manifest.session_id,
        path=session.root,
        driver_digest=_driver(session),
        reason="its driver withdrew",
        withdrawn=True,
    )


def _refuse_unknown(sessions: Sequence[Session]) -> None:
    problems = tuple(
        f"{session.root / MANIFEST_NAME}: add the line `{line}`"
        for session in sessions
        for key, line in _ASKS.items()
        if getattr(session.manifest, key) is None
    )
    if problems:
        raise ManifestError(
            "Without knowing the driver and the consent, nothing leaves the lab: "
            f"{len(problems)} line{'' if len(problems) == 1 else 's'} missing. "
            + "; ".join(problems)
            + ".",
            problems=problems,
            fix="Then type the command again.",
        )


def _scopes(sessions: Sequence[Session], kept: Sequence[DatasetSession]) -> dict[str, ConsentScope]:
    """Give the narrowest scope of each driver, over drives at hand and sessions that stay."""
    said: dict[str, list[ConsentScope]] = {}
    for session in sessions:
        manifest = session.manifest
        if manifest.driver_id is not None and manifest.consent is not None:
            said.setdefault(manifest.driver_id, []).append(manifest.consent.scope)
    for entry in kept:
        said.setdefault(entry.driver_id, []).append(entry.consent_scope)
    scopes = {driver: narrowest(each) for driver, each in said.items()}
    broken = [entry for entry in kept if scopes[entry.driver_id] != entry.consent_scope]
    if broken:
        names = ", ".join(entry.session_id for entry in broken)
        drivers = ", ".join(sorted({f"{each.driver_id}" for each in broken}))
        raise InputError(
            f"Driver {drivers} agreed to less than before, and the data set holds sessions that are not "
            f"among the drives: {names}.",
            fix="Give their drives as well, so that they are packed anew, or remove them with --prune.",
        )
    return scopes


def _state(session: Session, *, doubtful: bool) -> tuple[str | None, str, str]:
    """Give the verdict on the clocks; why the session is left out, empty if it is not; and advice."""
    document = read_session_clock(session.derived).document
    verdict = None if document is None else document.verdict
    why = "" if document is None else " ".join(document.reasons)
    if verdict == "failed":
        return verdict, "its clocks could not be aligned", why
    if not (session.derived / FRAMES_NAME).is_file():
        return verdict, "its frames were not made", f"Type: dashgaze frames {session.root}"
    if _older_than_clocks(session):
        advice = f"Type: dashgaze frames {session.root}"
        return verdict, "its clocks were aligned anew after its frames were made", advice
    if state_of_tables(session) != "whole":
        advice = f"Type: dashgaze frames {session.root}; dashgaze align {session.root}"
        return (
            verdict,
            "a run that made its tables was broken off, or they were changed since",
            advice,
        )
    if verdict == "doubtful" and not doubtful:
        return verdict, "its clocks are doubtful", why
    return verdict, "", ""


def _older_than_clocks(session: Session) -> bool:
    """Whether the frame table was made with another time map than the one that is there now."""
    record = read_record(session.derived / FRAMES_RECORD_NAME)
    path = session.derived / TIME_MAP_NAME
    name = f"{DERIVED_NAME}/{TIME_MAP_NAME}"
    if record is None or not path.is_file():
        return False
    return bool(record.inputs.get(name) != fingerprint(path))
