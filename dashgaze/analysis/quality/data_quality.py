"""The account of data quality: every session measured, and what that means over sessions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..contract.direction import GazeDirections
from ..contract.finding import Estimate, Finding, Section
from ..contract.study import Study
from ..statistics.cells import CellTable
from ..statistics.within import mean_of_sessions
from .composition import composition, composition_plot, composition_table
from .losses import CAUSES
from .options import USUAL_OPTIONS, QualityOptions
from .precision import NOMINAL_HZ
from .quality_tables import loss_table, session_table
from .session_quality import SessionQuality, session_quality

Value = Callable[[SessionQuality], float | None]


def data_quality(
    study: Study,
    directions: Mapping[str, GazeDirections],
    options: QualityOptions = USUAL_OPTIONS,
) -> Section:
    """Say how accurate, precise and complete the gaze of a study is, and what the study is made of.

    Parameters
    ----------
    study
        The study, with all frames of its sessions.
    directions
        Of its sessions, for their focal lengths.
    options
        What else there is, and where sessions are flagged.
    """
    qualities = measure(study, directions, options)
    parts = composition(study, qualities)
    return Section(
        key="quality",
        title="Data quality",
        findings=quality_findings(qualities, options),
        plots=(composition_plot(study, parts),) if qualities else (),
        tables=(session_table(qualities), loss_table(qualities), composition_table(parts)),
        text=_text(qualities, options),
    )


def quality_findings(
    qualities: Sequence[SessionQuality], options: QualityOptions = USUAL_OPTIONS
) -> tuple[Finding, ...]:
    """Put the sessions together; parameters as of `measure`, and what it gave."""
    return (
        _accuracy(qualities),
        *_precisions(qualities, options),
        _usable(qualities),
        *_losses(qualities),
        *_rates(qualities),
        *_clocks_and_maps(qualities),
    )


def measure(
    study: Study,
    directions: Mapping[str, GazeDirections],
    options: QualityOptions = USUAL_OPTIONS,
) -> tuple[SessionQuality, ...]:
    """Measure every session; parameters as of `data_quality`."""
    return tuple(
        session_quality(session, directions.get(session.session_id), options)
        for session in study.sessions
    )


def over_sessions(
    qualities: Sequence[SessionQuality],
    value: Value,
    *,
    key: str,
    question: str,
    unit: str,
    unknown: str,
    caveats: tuple[str, ...] = (),
) -> Finding:
    """Give the mean of a value over the sessions that have it.

    Parameters
    ----------
    qualities
        Of the sessions.
    value
        What is averaged.
    key, question, unit, caveats
        Of the finding; with the unit ``share`` intervals stay within 0 and 1.
    unknown
        Why there is no answer, if no session has the value.
    """
    rows = [(each, value(each)) for each in qualities]
    known = [(each, number) for each, number in rows if number is not None]
    if not known:
        return Finding(key=key, question=question, cannot_say=unknown)
    table = CellTable.of(
        (each.session_id, each.driver_id, 0.0, number, 1.0) for each, number in known
    )
    found = mean_of_sessions(table, unit=unit, least_minutes=0.0)
    # A loss or an error is above 0 whatever was measured: a test of that says nothing.
    found = replace(found, tests=())
    if found.estimate is not None:
        found = replace(found, estimate=_bounded(found.estimate, 1.0 if unit == "share" else None))
    numbers = [number for _, number in known]
    extremes = tuple(
        (
            name,
            Estimate(value=number, unit=unit, method="of the sessions", sessions=1, drivers=1),
        )
        for name, number in (("lowest session", min(numbers)), ("highest session", max(numbers)))
    )
    missing = len(qualities) - len(known)
    if missing:
        caveats = (*caveats, f"Unknown in {missing} of {len(qualities)} sessions.")
    return found.finding(key, question, details=extremes, caveats=caveats)


def _bounded(estimate: Estimate, top: float | None) -> Estimate:
    if estimate.low is None or estimate.high is None:
        return estimate
    high = estimate.high if top is None else min(estimate.high, top)
    return replace(estimate, low=max(estimate.low, 0.0), high=high)


def _accuracy(qualities: Sequence[SessionQuality]) -> Finding:
    return over_sessions(
        qualities,
        lambda each: None if each.accuracy is None else each.accuracy.error_deg,
        key="quality.accuracy",
        question="How far does gaze lie from where drivers were asked to look?",
        unit="deg",
        unknown="Accuracy was not measured: no session has a validation with known targets here. A number of the "
        "maker's would say nothing of these drives.",
        caveats=("Mean offset at the targets, before any correction.",),
    )


def _precisions(
    qualities: Sequence[SessionQuality], options: QualityOptions
) -> tuple[Finding, ...]:
    unknown = (
        "No session has enough fixations with gaze angles for windows of "
        f"{options.window_s * 1000:.0f} ms."
    )
    raw_unknown = (
        "Raw samples are not at hand: the data set was packed without them, or was not given."
    )
    window = f"Windows of {options.window_s * 1000:.0f} ms in fixations, relative to the head."
    still = "Eyes that make up for the head's turns move relative to it: an upper bound of the tracker's own."
    rate = "It depends on the rate of samples: compare it at equal rates only."
    found = []
    for name, words, note in (
        ("rms", "RMS from sample to sample", rate),
        ("sd", "standard deviation", still),
    ):
        found += [
            over_sessions(
                qualities,
                _raw_precision(f"{name}_deg"),
                key=f"quality.precision.samples.{name}",
                question=f"How precise are the raw samples ({words})?",
                unit="deg",
                unknown=raw_unknown if not any(each.samples for each in qualities) else unknown,
                caveats=(window, note),
            ),
            over_sessions(
                qualities,
                _frame_precision(f"{name}_deg"),
                key=f"quality.precision.frames.{name}",
                question=f"How precise is gaze frame by frame ({words})?",
                unit="deg",
                unknown=unknown,
                caveats=(window, note),
            ),
        ]
    return tuple(found)


def _raw_precision(name: str) -> Value:
    def value(each: SessionQuality) -> float | None:
        found = None if each.samples is None else each.samples.precision
        return None if found is None else float(getattr(found, name))

    return value


def _frame_precision(name: str) -> Value:
    def value(each: SessionQuality) -> float | None:
        return None if each.precision is None else float(getattr(each.precision, name))

    return value


def _usable(qualities: Sequence[SessionQuality]) -> Finding:
    return over_sessions(
        qualities,
        lambda each: None if each.losses is None else each.losses.good,
        key="quality.usable",
        question="What share of frames has gaze in the road picture?",
        unit="share",
        unknown="No session has frames.",
    )


def _losses(qualities: Sequence[SessionQuality]) -> tuple[Finding, ...]:
    found = []
    for cause, words in CAUSES.items():
        found.append(
            over_sessions(
                qualities,
                _loss(cause),
                key=f"quality.loss.{cause}",
                question=f"What share of frames is lost first for this cause: {words}?",
                unit="share",
                unknown=f"No session tells it ({words}); such frames are under a later cause.",
            )
        )
    gap = over_sessions(
        qualities,
        lambda each: None if each.losses is None else each.losses.longest_gap_s,
        key="quality.longest_gap",
        question="How long is the longest time without gaze in a session?",
        unit="s",
        unknown="No session has frames.",
    )
    return (*found, gap)


def _loss(cause: str) -> Value:
    return lambda each: None if each.losses is None else each.losses.shares[cause]


def _rates(qualities: Sequence[SessionQuality]) -> tuple[Finding, ...]:
    nominal = " / ".join(f"{rate:.0f} Hz {kind}" for kind, rate in NOMINAL_HZ.items())
    return (
        over_sessions(
            qualities,
            lambda each: None if each.samples is None else each.samples.rate_hz,
            key="quality.rate.samples",
            question="How many samples a second are there?",
            unit="Hz",
            unknown="Raw samples are not at hand, so that the effective rate of samples is unknown.",
            caveats=(f"Nominal rates, not measured: {nominal}.",),
        ),
        over_sessions(
            qualities,
            lambda each: each.valid_samples_hz,
            key="quality.rate.valid",
            question="How many valid samples a second are there (worn, no blink)?",
            unit="Hz",
            unknown="Frames do not tell how many samples they rest on.",
        ),
        over_sessions(
            qualities,
            lambda each: each.frame_rate_hz,
            key="quality.rate.frames",
            question="How many scene frames a second are there?",
            unit="Hz",
            unknown="No session has two frames.",
        ),
    )


def _clocks_and_maps(qualities: Sequence[SessionQuality]) -> tuple[Finding, ...]:
    return (
        over_sessions(
            qualities,
            lambda each: each.sync_error_ms,
            key="quality.sync_error",
            question="How well are the clocks of tracker and phone aligned (standard error)?",
            unit="ms",
            unknown="No session states the error of its clocks' alignment.",
        ),
        over_sessions(
            qualities,
            lambda each: each.map_error_deg,
            key="quality.map_error",
            question="How well is gaze carried to the road picture (median stated error, 1 σ)?",
            unit="deg",
            unknown="No session states an error of its homographies and a focal length.",
            caveats=("As the alignment states it, without the eye tracker's own error.",),
        ),
    )


def _text(qualities: Sequence[SessionQuality], options: QualityOptions) -> tuple[str, ...]:
    flagged = sum(bool(each.flags) for each in qualities)
    limits = options.limits
    return (
        (
            "Every frame without usable gaze stands under one cause: the first that applies on the way from the eye "
            "to the road picture. Means are over sessions of drivers, not over frames."
        ),
        (
            f"{flagged} of {len(qualities)} sessions are flagged. Limits: frames lost to the tracker "
            f"{limits.tracker_loss:.0%}, without a homography {limits.no_map:.0%}, gaze outside of the road picture "
            f"{limits.outside_road:.0%}, longest gap {limits.longest_gap_s:g} s, clocks {limits.sync_error_ms:g} ms, "
            f"homographies {limits.map_error_deg:g} deg, precision RMS-S2S {limits.precision_deg:g} deg, accuracy "
            f"{limits.accuracy_deg:g} deg, samples {limits.rate_share:.0%} of the usual rate. A flag leaves nothing out."
        ),
    )
