"""The sessions that a data set is packed from."""

from collections.abc import Sequence
from pathlib import Path

from dashgaze.errors import InputError, ManifestError
from dashgaze.session import Session, find_sessions, open_session


def gather(drives: Sequence[Path], out: Path) -> list[Session]:
    """Find and open all sessions, sorted by their name.

    Parameters
    ----------
    drives
        Session folders and folders of sessions, at any depth; they may overlap.
    out
        The data set's folder.

    Raises
    ------
    InputError
        If there is no session, two have the same name, or the data set's folder lies in one of them
        or around it.
    ManifestError
        If a ``session.yaml`` has faults; the message names all of them.
    """
    roots: dict[Path, Path] = {}
    for folder in drives:
        for root in find_sessions(Path(folder)):
            roots.setdefault(root.resolve(), root)
    if not roots:
        places = ", ".join(str(folder) for folder in drives)
        raise InputError(
            f"{places or 'Nothing'} holds no session.",
            fix="Give a folder of session folders; `dashgaze import FILE… --session DIR` makes one.",
        )
    _refuse_nesting(roots, out.resolve())
    sessions = _open(sorted(roots.values()))
    _refuse_namesakes(sessions)
    return sorted(sessions, key=lambda session: session.manifest.session_id)


def _refuse_nesting(roots: dict[Path, Path], out: Path) -> None:
    for resolved, root in roots.items():
        if out == resolved or resolved in out.parents:
            raise InputError(
                f"The data set {out} would lie in the session {root}.",
                fix="Choose a folder outside of all sessions.",
                path=out,
            )
        if out in resolved.parents:
            raise InputError(
                f"The session {root} lies in the data set {out}: what is packed would be replaced.",
                fix="Choose another folder for the data set.",
                path=out,
            )


def _open(roots: list[Path]) -> list[Session]:
    sessions, problems = [], []
    for root in roots:
        try:
            sessions.append(open_session(root))
        except ManifestError as error:
            problems.append(str(error))
    if problems:
        raise ManifestError(" ".join(problems), problems=tuple(problems))
    return sessions


def _refuse_namesakes(sessions: list[Session]) -> None:
    # Some file systems take S1.parquet and s1.parquet for the same file.
    first: dict[str, Session] = {}
    problems = []
    for session in sessions:
        name = session.manifest.session_id
        other = first.setdefault(name.casefold(), session)
        if other is not session:
            problems.append(f"{other.root} and {session.root} both hold session {name}.")
    if problems:
        raise InputError(
            " ".join(problems),
            fix="A session's name is unique: delete the copy, or change session_id in one session.yaml and "
            "run the frames stage on it again.",
        )
