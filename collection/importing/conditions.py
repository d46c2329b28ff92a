"""What is known of a drive when its files are imported."""

from dataclasses import asdict, dataclass
from typing import Any

from dashgaze.errors import InputError, ManifestError


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Values for the manifest; None is left out, and asked for by ``dashgaze check``.

    Attributes
    ----------
    session_id
        Name of the session; None for the name of its folder.
    recorded_at
        ISO 8601 with offset; None to estimate it from the road video.
    consent_version, consent_scope
        Both, or none.
    """

    session_id: str | None = None
    driver_id: str | None = None
    recorded_at: str | None = None
    car: str | None = None
    camera_position: str | None = None
    weather: str | None = None
    lighting: str | None = None
    eyewear: str | None = None
    passengers: int | None = None
    consent_version: str | None = None
    consent_scope: str | None = None
    phone_model: str | None = None

    def __post_init__(self) -> None:
        if (self.consent_version is None) != (self.consent_scope is None):
            raise InputError(
                "Consent has a version and a scope; only one of them was given.",
                fix="Give both, or none.",
            )

    def manifest_keys(self) -> dict[str, Any]:
        """Give the keys of the manifest that are known, but session_id and the phone's."""
        content = asdict(self)
        for key in ("session_id", "phone_model", "consent_version", "consent_scope"):
            del content[key]
        if self.consent_version is not None:
            content["consent"] = {"version": self.consent_version, "scope": self.consent_scope}
        return {key: value for key, value in content.items() if value is not None}


def refused(error: ManifestError) -> InputError:
    """Say what is wrong with the conditions, before there is a manifest to mend."""
    problems = "; ".join(error.problems) or error.what
    return InputError(
        f"The session can't be described like this: {problems}.", fix="Mend that and run it again."
    )
