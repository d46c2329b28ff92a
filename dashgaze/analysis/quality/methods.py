"""``methods.md``: what journals ask to be reported of eye tracking, as far as the data tell it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from dashgaze._version import __version__
from dashgaze.schemas.about import ABOUT_SCHEMA, About

from ..contract.direction import GazeDirections
from ..contract.finding import Finding
from ..contract.study import SessionData, Study
from ..study.selection import USUAL_SELECTION, Selection
from .data_quality import measure, quality_findings
from .losses import CAUSES
from .methods_words import amount, counted, todo, unknown_or
from .options import USUAL_OPTIONS, QualityOptions
from .precision import NOMINAL_HZ
from .session_quality import SessionQuality

Item = tuple[str, list[str]]

_DEVICES = {
    "pupil_invisible": "Pupil Invisible (Pupil Labs), binocular, wearable, without calibration by the user",
    "neon": "Neon (Pupil Labs), binocular, wearable, without calibration by the user",
}


def methods_text(
    study: Study,
    directions: Mapping[str, GazeDirections],
    options: QualityOptions = USUAL_OPTIONS,
    *,
    about: About | None = None,
    selection: Selection = USUAL_SELECTION,
) -> str:
    """Write the reporting items of a study as Markdown; what is unknown stays as a TODO.

    Parameters
    ----------
    study, directions, options
        As of `data_quality`.
    about
        What only people know (`about.yaml`), if at hand.
    selection
        What had to hold for gaze to count in the analyses.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    qualities = measure(study, directions, options)
    findings = {each.key: each for each in quality_findings(qualities, options)}
    known = About.model_validate({"schema": ABOUT_SCHEMA}) if about is None else about
    items: list[Item] = [
        ("Participants and drives", _participants(study, qualities, known)),
        ("Eye tracker and cameras", _devices(study)),
        ("Set-up and surroundings", _surroundings(study, known)),
        ("Task and instruction", _task(known)),
        ("Calibration and accuracy", _accuracy(findings)),
        ("Precision", _precision(findings, options)),
        ("Rate of samples and data loss", _loss(findings)),
        ("Processing", _processing(study, qualities, findings)),
        ("Exclusion", _exclusion(study, qualities, options, selection)),
        ("Statistics", _statistics()),
        ("Software", _software(options)),
        ("Data and ethics", _ethics(study, known)),
    ]
    # The text is Markdown: nothing has to be escaped for a browser here.
    rooms = Environment(
        loader=PackageLoader("dashgaze.analysis.quality", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return rooms.get_template("methods.md.j2").render(
        title=study.title,
        version=study.version,
        digest=study.digest,
        simulated=study.simulated,
        dashgaze_version=__version__,
        items=items,
    )


def _participants(study: Study, qualities: Sequence[SessionQuality], about: About) -> list[str]:
    minutes = sum(each.minutes for each in qualities)
    frames = sum(len(session) for session in study.sessions)
    per_driver = Counter(session.driver_id for session in study.sessions).values()
    lines = [
        (
            f"{counted(len(study.drivers), 'driver')} in {counted(len(study.sessions), 'session')}, "
            f"{minutes:.0f} minutes, {frames} scene frames."
        )
    ]
    if per_driver:
        lines.append(f"Sessions of a driver: {min(per_driver)} to {max(per_driver)}.")
    lines += [
        f"Eyewear: {_tally(study, lambda session: session.eyewear)}.",
        unknown_or("Recruitment", about.recruitment, "how drivers were found and chosen"),
        todo(
            "age, gender, driving experience and vision of the drivers, and how vision was tested"
        ),
    ]
    return lines


def _devices(study: Study) -> list[str]:
    kinds = Counter(str(session.facts.get("eye_tracker_kind") or "") for session in study.sessions)
    lines = []
    for kind, count in sorted(kinds.items()):
        if kind in _DEVICES:
            rate = NOMINAL_HZ[kind]
            lines.append(
                f"Eye tracker: {_DEVICES[kind]}; nominal {rate:.0f} Hz ({counted(count, 'session')}). The effective "
                "rate is below."
            )
        else:
            lines.append(todo(f"type and maker of the eye tracker of {counted(count, 'session')}"))
    phones = _tally(study, lambda session: session.facts.get("phone_model"))
    origins = _tally(study, lambda session: session.facts.get("scene_camera_origin"))
    sizes = Counter(
        f"{size[0]} × {size[1]} px" for session in study.sessions if (size := session.road_size_px)
    )
    focal = Counter(session.road_focal_origin or "assumed" for session in study.sessions)
    return [
        *lines,
        todo("firmware of the eye tracker, version of its app, and gaze estimator that was in use"),
        f"Calibration of the scene camera: {origins}.",
        f"Road camera: phone {phones}; pictures {_words(sizes) or 'of unknown size'}.",
        f"Its focal length comes from: {_words(focal)}.",
    ]


def _surroundings(study: Study, about: About) -> list[str]:
    return [
        (
            f"On real roads{'' if not study.simulated else ' (simulated)'}: light {_tally(study, lambda each: each.lighting)}; "
            f"weather {_tally(study, lambda each: each.weather)}."
        ),
        (
            f"Place of the phone: {_tally(study, lambda each: each.camera_position)}. "
            f"Cars: {_tally(study, lambda each: each.car)}."
        ),
        unknown_or("Country", about.country, "country, region and kinds of roads"),
        unknown_or("Period", about.collection_period, "when the drives took place"),
        todo(
            "distance from the driver's head to phone and windscreen; the driver was free to move"
        ),
        todo("illuminance, if it was measured; tinted windscreens"),
    ]


def _task(about: About) -> list[str]:
    return [
        unknown_or(
            "Instruction", about.instructions, "what drivers were told of route, task and devices"
        ),
        todo("whether drivers knew the route, and the length of a drive without a pause"),
    ]


def _accuracy(findings: Mapping[str, Finding]) -> list[str]:
    found = findings["quality.accuracy"]
    if found.estimate is None:
        first = todo(
            "accuracy was not measured. Validate with known targets (parked, five points, or lab mode), or say in "
            "the paper that accuracy on these drives is unknown; do not quote the maker's number as a result"
        )
    else:
        first = f"Accuracy at known targets: {amount(found)}."
    return [
        first,
        todo("whether an offset was corrected before the drive, and how"),
    ]


def _precision(findings: Mapping[str, Finding], options: QualityOptions) -> list[str]:
    lines = [
        (
            f"Measured relative to the head in windows of {options.window_s * 1000:.0f} ms within fixations; medians "
            "over windows, then means over sessions."
        )
    ]
    for source, words in (("samples", "raw samples"), ("frames", "gaze frame by frame")):
        for name, measure_name in (("rms", "RMS-S2S"), ("sd", "SD")):
            found = findings[f"quality.precision.{source}.{name}"]
            if found.estimate is not None:
                lines.append(f"{measure_name} of {words}: {amount(found)}.")
            elif name == "rms":
                lines.append(todo(f"precision of {words}. {found.cannot_say}"))
    return lines


def _loss(findings: Mapping[str, Finding]) -> list[str]:
    lines = []
    for key, words in (
        ("quality.rate.samples", "Effective rate of samples"),
        ("quality.rate.valid", "Valid samples a second (worn, no blink)"),
        ("quality.rate.frames", "Scene frames a second"),
    ):
        found = findings[key]
        lines.append(
            f"{words}: {amount(found)}."
            if found.estimate is not None
            else todo(f"{words.lower()}. {found.cannot_say}")
        )
    lines.append(
        "Data loss, as a share of all scene frames, each frame under the first cause that applies:"
    )
    for cause, words in CAUSES.items():
        found = findings[f"quality.loss.{cause}"]
        told = amount(found) if found.estimate is not None else "not told apart in these data"
        lines.append(f"{words}: {told}.")
    lines.append(f"Frames with gaze in the road picture: {amount(findings['quality.usable'])}.")
    lines.append(
        f"Longest time without gaze in a session: {amount(findings['quality.longest_gap'])}."
    )
    return lines


def _processing(
    study: Study, qualities: Sequence[SessionQuality], findings: Mapping[str, Finding]
) -> list[str]:
    fixations = _tally(study, lambda session: session.facts.get("fixation_method"))
    blinks = _tally(study, lambda session: session.facts.get("blink_method"))
    verdicts = Counter(each.sync_verdict or "unknown" for each in qualities)
    direct = [each.direct_share for each in qualities if each.direct_share is not None]
    lines = [
        f"Fixations found by: {fixations}. Blinks found by: {blinks}.",
        (
            "Gaze of a frame is the mean of its valid samples; it was carried to the road picture by a homography "
            "between scene camera and phone."
        ),
        f"Clocks: {_words(verdicts)}; standard error {amount(findings['quality.sync_error'])}.",
        f"Stated error of the homographies: {amount(findings['quality.map_error'])}.",
    ]
    if direct:
        lines.append(
            f"Homographies matched directly: {100 * sum(direct) / len(direct):.0f} % of those there are (mean over "
            "sessions); the others were carried over from frames near by."
        )
    return lines


def _exclusion(
    study: Study,
    qualities: Sequence[SessionQuality],
    options: QualityOptions,
    selection: Selection,
) -> list[str]:
    rules = ["a scene picture", "gaze in the road view", "glasses worn, where that is known"]
    rules += [] if selection.propagated else ["a homography matched directly"]
    rules += [] if selection.blinks else ["no blink"]
    rules += [] if selection.saccades else ["no saccade"]
    rules += [] if selection.off_frame else ["gaze inside of the road picture"]
    if selection.largest_error_deg is not None:
        rules.append(
            f"a stated error of the homography of at most {selection.largest_error_deg:g} deg"
        )
    lines = [f"Gaze of a frame counted with: {'; '.join(rules)}."]
    if options.dataset is None:
        lines.append(todo("which recorded sessions were left out, and why"))
    else:
        left_out = options.dataset.manifest.left_out
        lines.append(f"Recorded sessions that are not in the data set: {len(left_out)}.")
        lines += [f"{each.session_id}: {each.reason}" for each in left_out]
        lines.append(f"Drivers who withdrew: {len(options.dataset.manifest.withdrawn)}.")
    flagged = sum(bool(each.flags) for each in qualities)
    lines.append(
        f"Sessions flagged for their quality: {flagged} of {len(study.sessions)}; none was left out for it."
    )
    return lines


def _statistics() -> list[str]:
    return [
        (
            "The unit is the session, nested in driver; frames are not samples. Intervals are of Student's t over drivers "
            "(over sessions with fewer than five drivers), 95 %. With fewer than five sessions values are descriptive."
        ),
    ]


def _software(options: QualityOptions) -> list[str]:
    lines = [f"dashgaze {__version__} (analyses)."]
    if options.dataset is None:
        lines.append(todo("versions of the software that made the data set"))
    else:
        made = sorted(options.dataset.manifest.versions.items())
        lines.append(
            f"The data set was packed with {', '.join(f'{name} {text}' for name, text in made)}."
        )
    return lines


def _ethics(study: Study, about: About) -> list[str]:
    consents = _tally(study, lambda session: session.facts.get("consent_version"))
    return [
        f"Version of the form of consent: {consents}.",
        unknown_or("Review", about.ethics.board, "which board reviewed the study, and its number"),
        unknown_or("Data", about.doi, "where the data are, and under which licence"),
    ]


def _tally(study: Study, word: Callable[[SessionData], object]) -> str:
    found = Counter("" if (value := word(each)) is None else str(value) for each in study.sessions)
    missing = found.pop("", 0)
    text = _words(found)
    if missing:
        text = f"{text}, unknown ({missing})" if text else f"unknown ({missing})"
    return text or "no session"


def _words(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{name.replace('_', ' ')} ({count})" for name, count in ordered)
