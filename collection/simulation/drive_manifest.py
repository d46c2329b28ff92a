"""What stands in the manifest of a simulated drive."""

from datetime import datetime

from dashgaze.schemas.manifest import (
    SESSION_SCHEMA,
    Consent,
    EyeTracker,
    Phone,
    SessionManifest,
)


def drive_manifest(name: str, recorded_at: datetime) -> SessionManifest:
    """Give the manifest of a session of that name."""
    return SessionManifest(
        schema_id=SESSION_SCHEMA,
        session_id=name,
        driver_id="D001",
        recorded_at=recorded_at.isoformat(),
        car="simulated",
        camera_position="under_mirror",
        weather="clear",
        lighting="day",
        eyewear="none",
        passengers=1,
        consent=Consent(version="1.0", scope="raw"),
        phone=Phone(
            model="simulated",
            road="phone/road.mp4",
            driver="phone/driver.mp4",
            location="phone/location.csv",
        ),
        eye_tracker=EyeTracker(kind="pupil_invisible", path="eye_tracker"),
    )
