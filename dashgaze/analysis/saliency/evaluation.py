"""How well saliency maps tell where drivers look."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dashgaze.progress import Progress, silent

from ..contract.finding import Finding, Section
from ..study.packed_dataset import open_dataset
from .frame_groups import centre_bands, object_classes, vanishing_point_bands
from .gaze_frames import gaze_frames
from .map_folder import MapFolder, find_maps
from .map_scores import CENTRE_SD, METRICS, SOURCES, SessionScores, score_sessions
from .options import USUAL_OPTIONS, SaliencyOptions
from .score_tables import (
    UNITS,
    driver_count,
    driver_table,
    group_table,
    mean_score,
    over_sessions,
    session_table,
    source_table,
)


def evaluate_saliency(
    data: Path,
    folder: Path,
    options: SaliencyOptions = USUAL_OPTIONS,
    *,
    progress: Progress = silent,
) -> Section:
    """Score a folder of saliency maps against the gaze of a packed data set.

    Parameters
    ----------
    data
        The packed data set.
    folder
        The maps, named as `map_folder` says: ``<session_id>/<road frame>.png`` or ``.npy``.
    options
        How they are scored.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If there are no maps of the data set's frames, or one is not what it has to be.
    """
    dataset = open_dataset(data, split=options.split, sessions=options.sessions)
    maps = find_maps(folder, dataset.rows)
    sessions = [
        each
        for name in dataset.rows
        if (each := gaze_frames(dataset, name, options.grid)) is not None
    ]
    scored = score_sessions(sessions, maps, options, progress)
    return saliency_section(scored, maps, options, simulated=dataset.simulated)


def saliency_section(
    scored: Sequence[SessionScores],
    maps: MapFolder,
    options: SaliencyOptions,
    *,
    simulated: bool = False,
) -> Section:
    """Put scores of sessions together; the mean of each session counts once.

    Parameters
    ----------
    scored
        Of the sessions.
    maps
        Where they come from.
    options
        How they were scored.
    simulated
        Whether the data set is.
    """
    findings = [
        _gain(scored, "others", "saliency.information_gain", "gaze of other drivers"),
        *(
            _difference(scored, metric, source)
            for metric in ("nss", "auc_judd", "cc", "similarity", "kl_nats")
            for source in ("others", "centre", "shuffled")
        ),
        _gain(scored, "shuffled", "saliency.information_gain.shuffled", "maps of other sessions"),
        _above_chance(scored),
    ]
    tables = [source_table(scored), session_table(scored), driver_table(scored)]
    for name, caption, groups in (
        ("saliency_centre", "By distance of gaze from the middle of the picture.", centre_bands),
        (
            "saliency_vanishing_point",
            "By distance of gaze from the vanishing point.",
            vanishing_point_bands,
        ),
        (
            "saliency_objects",
            "By what gaze lies on; a frame may count under several classes.",
            lambda frames: object_classes(frames, options.boxes.get(frames.session_id)),
        ),
    ):
        table = group_table(scored, name, caption, groups)
        if table is not None:
            tables.append(table)
    return Section(
        key="saliency",
        title="Saliency maps against gaze",
        findings=tuple(findings),
        tables=tuple(tables),
        text=_text(scored, maps, options, simulated=simulated),
    )


def _difference(scored: Sequence[SessionScores], metric: str, source: str) -> Finding:
    def value(each: SessionScores) -> float:
        return each.mean("maps", metric) - each.mean(source, metric)

    better = "; below 0 the maps are better" if metric == "kl_nats" else ""
    found = over_sessions(scored, value, unit=UNITS.get(metric, ""))
    details = tuple(
        (name, estimate)
        for name, each in (("maps", "maps"), (source, source))
        if (estimate := mean_score(scored, each, metric).estimate) is not None
    )
    return _reasoned(
        found.finding(
            f"saliency.{metric}.{source}",
            f"By how much is {METRICS[metric]} of the maps above that of {SOURCES[source]}{better}?",
            details=details,
        )
    )


def _gain(scored: Sequence[SessionScores], source: str, key: str, words: str) -> Finding:
    metric = "information_gain_bits"

    def value(each: SessionScores) -> float:
        return each.mean("maps", metric) - each.mean(source, metric)

    found = over_sessions(scored, value, unit="bits")
    return _reasoned(
        found.finding(
            key, f"How much more do the maps tell of gaze than {words} (bits a fixation)?"
        )
    )


def _above_chance(scored: Sequence[SessionScores]) -> Finding:
    found = over_sessions(scored, lambda each: each.mean("maps", "shuffled_auc"), null=0.5)
    finding = found.finding(
        "saliency.shuffled_auc",
        "Do the maps tell a fixation from fixations of other sessions (s-AUC, chance is 0.5)?",
    )
    return replace(_reasoned(finding), neutral=0.5)


def _reasoned(finding: Finding) -> Finding:
    if not finding.cannot_say:
        return finding
    return replace(
        finding, cannot_say="There is no other session with maps or gaze to hold it against."
    )


def _text(
    scored: Sequence[SessionScores], maps: MapFolder, options: SaliencyOptions, *, simulated: bool
) -> tuple[str, ...]:
    eligible = sum(each.eligible for each in scored)
    with_map = sum(each.with_map for each in scored)
    frames = sum(len(each.frames) for each in scored)
    grid = options.grid
    lines = [
        (
            f"{frames} frames of {len(scored)} sessions and {driver_count(scored)} drivers were scored: fixations in the road "
            f"picture; of {eligible} such frames {with_map} have a map, and at most {options.frames_per_session} a "
            "session, spread evenly, were taken. The mean of a session counts once."
        ),
        (
            f"Maps are brought to {grid.columns} × {grid.rows} cells, divided by their sum, and mixed with "
            f"{options.uniform_share:.0%} of an even density. Information gain is over the gaze of other drivers (of other "
            "sessions where there is one driver, of the centre where there is one session). A map that is no probability "
            "may order places well and still have a low gain."
        ),
        (
            f"CC, KL and SIM are against gaze blurred by {options.blur_share:.0%} of the width (1 σ): one fixation is no "
            f"density. The centre prior is a Gaussian of {CENTRE_SD[0]:.0%} of width and height."
        ),
    ]
    empty = sum(each.empty for each in scored)
    if empty:
        lines.append(f"{empty} maps are 0 everywhere; they say nothing and were not scored.")
    if maps.unknown:
        lines.append(f"Folders that are no session's were left out: {', '.join(maps.unknown[:5])}.")
    if simulated:
        lines.append("The data set is simulated: nothing here was measured on a person.")
    return tuple(lines)
