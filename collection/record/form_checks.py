"""What could be wrong with what is known of a drive."""

from pathlib import Path

from dashgaze.errors import ManifestError
from dashgaze.schemas.manifest import MANIFEST_NAME, SessionManifest, parse_manifest

from ..field.check import Check
from ..field.device import DrivePlan

_ASKED = (
    "driver_id",
    "consent",
    "car",
    "camera_position",
    "weather",
    "lighting",
    "eyewear",
    "passengers",
)
_LONG_MINUTES = 90.0


def form_checks(root: Path, plan: DrivePlan) -> list[Check]:
    """Look at ``session.yaml``.

    Parameters
    ----------
    root
        The session folder; without a manifest that is said, amber: ``record`` asks for it first.
    plan
        The drive.
    """
    path = root / MANIFEST_NAME
    try:
        manifest = parse_manifest(path.read_text(encoding="utf-8-sig"), path=path)
    except FileNotFoundError:
        what = f"There is no form yet for {root.name}."
        fix = "`dashgaze collect record` asks for it before anything starts."
        return [Check(code="form.complete", subject="form", level="amber", what=what, fix=fix)]
    except (OSError, ValueError, ManifestError) as error:
        what = f"{path} can't be used: {error}"
        return [
            Check(
                code="form.complete", subject="form", level="red", what=what, fix="Mend that file."
            )
        ]
    return [*_missing(manifest, path), *_length(plan)]


def _missing(manifest: SessionManifest, path: Path) -> list[Check]:
    missing = [key for key in _ASKED if getattr(manifest, key) is None]
    if missing:
        return [
            Check(
                code=f"form.{key}",
                subject="form",
                level="red" if key in ("driver_id", "consent") else "amber",
                what=f"{key} is not known.",
                fix=f"Add it to {path}.",
            )
            for key in missing
        ]
    consent = manifest.consent
    agreed = "" if consent is None else f", consent {consent.version} ({consent.scope})"
    what = f"Driver {manifest.driver_id}{agreed}, {manifest.car}, {manifest.lighting}."
    return [Check(code="form.complete", subject="form", level="green", what=what)]


def _length(plan: DrivePlan) -> list[Check]:
    if plan.minutes <= _LONG_MINUTES:
        return []
    return [
        Check(
            code="form.minutes",
            subject="form",
            level="amber",
            what=f"The drive is planned to take {plan.minutes:.0f} min.",
            fix="Plan pauses and two sessions: phones get hot, and long files are lost whole.",
        )
    ]
