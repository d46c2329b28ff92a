"""What must not become public by accident."""

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import DatasetManifest


def people_seen(manifest: DatasetManifest) -> list[str]:
    """Say which sessions show people who can be recognised, and how; nothing if none does."""
    faces = [each.session_id for each in manifest.sessions if each.driver_pictures == "raw"]
    streets = [
        each.session_id for each in manifest.sessions if each.outward_pictures == "as_recorded"
    ]
    found = []
    if faces:
        found.append(f"drivers' faces as recorded ({_counted(faces)})")
    if streets:
        found.append(f"the street with faces and plates as recorded ({_counted(streets)})")
    return found


def refuse_public_people(
    manifest: DatasetManifest, *, public: bool, gated: bool, people_public: bool
) -> None:
    """Refuse to show people to everybody.

    Parameters
    ----------
    manifest
        What is to be published.
    public
        Whether everybody can find it.
    gated
        Whether only those get it whom somebody let in.
    people_public
        Whether somebody decided that people may be seen by all.

    Raises
    ------
    InputError
        If the data set shows people, is public, not gated, and nobody decided that.
    """
    found = people_seen(manifest)
    if not found or not public or gated or people_public:
        return
    raise InputError(
        f"{manifest.name} shows {' and '.join(found)}; a public repository would show that to all.",
        fix="Add --gated, so that you decide who gets it, or leave it private; "
        "--people-may-be-seen if those seen agreed to that.",
    )


def _counted(sessions: list[str]) -> str:
    first = ", ".join(sorted(sessions)[:3])
    return first if len(sessions) <= 3 else f"{first} and {len(sessions) - 3} more"
