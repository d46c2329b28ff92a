"""What card, datasheet and croissant.json say alike: each statement stands here once."""

from collections.abc import Mapping

from .facts import Facts
from .frame_tally import BLINK, CAUSES, NO_EGO, NO_MAP, NO_ROAD_FRAME, NO_SAMPLE, NOT_WORN
from .session_tally import UNKNOWN, Amount
from .wording import condition, counted, listed, percent

KEYWORDS = ("eye tracking", "driving", "gaze", "driver attention", "naturalistic driving")

_TRACKERS = {"pupil_invisible": "Pupil Invisible", "neon": "Neon"}


def summary(facts: Facts) -> str:
    """Say in a few sentences what the data set is."""
    if facts.about.summary:
        return " ".join(facts.about.summary.split())
    return (
        f"Where drivers look in real traffic: {facts.amount}. Each frame joins the eye tracker's scene "
        "camera (ego view) with the road view and the driver view of a phone on the windscreen; gaze is "
        "given in the ego view, as an angle, and carried to the road view with its uncertainty."
    )


def trackers(facts: Facts) -> str:
    """Name the eye trackers."""
    names = sorted(facts.sessions.counts["eye_tracker_kind"])
    return listed([_TRACKERS.get(name, name) for name in names])


def sessions_by(counts: Mapping[str, int]) -> str:
    """Name values with the number of sessions of each, the most frequent first."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return listed([f"{condition(name)}: {counted(count, 'session')}" for name, count in rows])


def collection(facts: Facts) -> str:
    """Say how the data came to be."""
    return (
        f"Drivers wore an eye tracker ({trackers(facts)}) that films what is before them; a phone on the "
        "windscreen filmed the road and, with its front camera, the driver. Their clocks were aligned "
        "afterwards."
    )


def preprocessing(facts: Facts) -> list[str]:
    """Say what was done to the recordings, one statement each."""
    methods = facts.sessions.counts
    return [
        (
            f"Offset and drift between the clocks of phone and eye tracker were estimated by: "
            f"{sessions_by(methods['sync_method'])}. Each session carries a verdict and a standard error."
        ),
        (
            "Gaze of a frame is the mean of its valid samples (worn, outside of blinks known to the device); "
            "their median, number and spread stand beside it."
        ),
        (
            f"Fixations were found by: {sessions_by(methods['fixation_method'])}. Blinks by: "
            f"{sessions_by(methods['blink_method'])}."
        ),
        (
            "Gaze was carried from the ego to the road view by homographies, matched directly or propagated "
            "from frames that were; source, support, a 2 × 2 covariance and a stated error stand in every row."
        ),
        "Time is counted from each session's first ego frame; dates and wall clocks were removed.",
    ]


def leakage(facts: Facts) -> str:
    """Say whether a driver stands in two splits."""
    divided = facts.sessions.divided_drivers
    if not divided:
        return "No driver is in two splits."
    return (
        f"In more than one split: {counted(len(divided), 'driver')}. Results on them say little of drivers "
        "that a model has not seen."
    )


def missing(facts: Facts) -> str:
    """Say what is missing and why."""
    counts = facts.frames.causes.tolist()
    causes = (NO_EGO, BLINK, NOT_WORN, NO_SAMPLE, NO_ROAD_FRAME, NO_MAP)
    parts = [f"{CAUSES[cause]} {percent(counts[cause], facts.frames.frames)}" for cause in causes]
    return (
        "Missing values are null, never a special number. Frames without gaze in the road view, by the "
        f"first cause that holds, of all frames: {listed(parts)}."
    )


def pictures(facts: Facts) -> list[str]:
    """Say which pictures are in it and in which state, one statement each."""
    outward, driver = facts.outward, facts.driver
    found = []
    if outward["anonymized"]:
        found.append(
            f"Ego and road view of {counted(outward['anonymized'], 'session')}: faces and number plates "
            "were blurred by a detector; detectors miss some."
        )
    if outward["as_recorded"]:
        found.append(
            f"Ego and road view of {counted(outward['as_recorded'], 'session')}: as recorded, NOT blurred. "
            "People and number plates can be recognised."
            + (f" Why this may be: {facts.as_recorded_reason}" if facts.as_recorded_reason else "")
        )
    if outward["none"]:
        found.append(f"Ego and road view of {counted(outward['none'], 'session')}: no pictures.")
    if driver["raw"]:
        found.append(
            f"Driver view of {counted(driver['raw'], 'session')}: as recorded, with the driver's consent; "
            "the face can be recognised."
        )
    if driver["blurred"]:
        found.append(f"Driver view of {counted(driver['blurred'], 'session')}: faces blurred.")
    if driver["none"]:
        found.append(f"Driver view of {counted(driver['none'], 'session')}: no pictures.")
    return found


def sensitive(facts: Facts) -> list[str]:
    """Say what of people is in it, one statement each."""
    found = [
        (
            "Drivers are pseudonyms; the key is kept elsewhere. Eye movements are personal data: they can tell "
            "one person from another and may hint at health or tiredness."
        ),
        *pictures(facts),
    ]
    if facts.frames.head_deg["yaw"].total:
        found.append(
            "Box, landmarks and pose of the driver's face are given where consent allows it, and null "
            "elsewhere."
        )
    found.append(
        "Location: rounded, without start and end of each drive."
        if facts.has_location
        else "Location is not in it."
    )
    found.append(
        "The road videos have sound: voices can be recognised."
        if facts.has_sound
        else "Sound is not in it."
    )
    found.append(
        "Dates and wall clocks are not in it; the hour of day at the start is, where known."
    )
    return found


def limitations(facts: Facts) -> list[str]:
    """Say what the data can't carry, one statement each."""
    frames, errors = facts.frames, facts.sessions.sync_error_quantiles_ms()
    found = [
        (
            "Sound aligns microphones, not pictures: without a calibrated device profile, the pictures of phone "
            "and eye tracker may be off by a constant of up to about 50 ms."
        ),
        (
            "A homography is right for one depth. Something near may be seen up to 2° off; the covariance tells "
            "how uncertain depth is, but a near thing that nothing was matched on can be missed."
        ),
        "The stated error is that of carrying gaze over, without the eye tracker's own error.",
        "The mean gaze of a frame smears saccades; the spread of its samples tells where.",
    ]
    if errors is not None:
        found.insert(
            0,
            f"Standard error of the clocks: median {errors[0]:.2g} ms, 90 % of sessions below "
            f"{errors[1]:.2g} ms, largest {errors[2]:.2g} ms.",
        )
    if frames.frames:
        found.append(f"{missing(facts)}")
    return found


def biases(facts: Facts) -> list[str]:
    """Say whom and what the data show more than others, one statement each."""
    by = facts.sessions.by_condition
    parts = [
        f"{label}: {_shares(by[key], facts.sessions.all.seconds)}"
        for key, label in (
            ("weather", "weather"),
            ("lighting", "lighting"),
            ("eyewear", "eyewear"),
            ("camera_position", "position of the phone"),
        )
    ]
    place = facts.about.country or "one country"
    return [
        f"Shares of driving time. {'; '.join(parts)}.",
        (
            f"{counted(len(facts.sessions.drivers), 'driver')} in {counted(len(by['car'].keys() - {UNKNOWN}), 'car')} on "
            f"roads of {place}: no random sample of all drivers."
        ),
        "Drivers knew that they were recorded and wore a device.",
    ]


def _shares(amounts: Mapping[str, Amount], seconds: float) -> str:
    rows = sorted(amounts.items(), key=lambda item: (-item[1].seconds, item[0]))
    return listed(
        [f"{condition(name)} {percent(amount.seconds, seconds)}" for name, amount in rows]
    )


def uses(facts: Facts) -> list[str]:
    """Say what it is good for, one statement each."""
    return facts.about.uses_recommended or [
        "Study of gaze behaviour in traffic",
        "Prediction of gaze from driver or road views",
        "Study of which objects draw attention",
    ]


def misuses(facts: Facts) -> list[str]:
    """Say what it must not be used for, one statement each."""
    return [
        "Recognising or identifying people",
        "Judging individual drivers, or decisions about them (insurance, employment, policing)",
        "Safety-critical systems without validation of their own",
        *facts.about.uses_discouraged,
    ]


def social_impact(facts: Facts) -> str:
    """Say what good and harm may come of it."""
    return (
        "Knowing where drivers look helps to build cars and roads that ask less of them. The same knowledge "
        "can be used to watch drivers at work; that is not what the drivers agreed to."
    )


def withdrawal(facts: Facts) -> str:
    """Say how a driver withdraws, and how often that happened."""
    removed = facts.manifest.withdrawn
    text = (
        "A driver may withdraw at any time by pseudonym: all rows, files and pictures are removed, a new "
        "version is released, and users must delete the old one."
    )
    if not removed:
        return f"{text} No driver has withdrawn so far."
    return (
        f"{text} So far {counted(len(removed), 'driver')} did: "
        f"{counted(sum(entry.session_count for entry in removed), 'session')} and "
        f"{counted(sum(entry.row_count for entry in removed), 'row')} were removed."
    )
