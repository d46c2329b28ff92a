"""The section on the clocks, in words."""

from dashgaze.schemas.time_map import SecondWitness, Segment

from .drive import Drive
from .texts import MISSING, clock, number, percent, small
from .wording import command, without_root

Row = tuple[str, str]


def clock_note(drive: Drive) -> str:
    """Say what is missing; empty if nothing is."""
    if drive.clock_problem:
        return without_root(drive.clock_problem, drive.session.root)
    if drive.time_map is None:
        return f"The clocks have not been aligned yet: run {command('sync', drive)}"
    return "" if drive.evidence is not None else f"No curve is drawn. {drive.evidence_note}"


def clock_rows(drive: Drive) -> tuple[Row, ...]:
    """Give the figures of the time map."""
    document = drive.time_map
    if document is None:
        return ()
    evidence = document.evidence
    rows = [
        ("Verdict", " ".join((document.verdict, *map(_sentence, document.reasons)))),
        (
            "Method",
            {"sound": "sound", "manual": "set by hand"}.get(evidence.method, evidence.method),
        ),
    ]
    several = len(document.segments) > 1
    for segment in document.segments:
        rows += _segment_rows(segment, several=several)
    if evidence.windows_total:
        rows.append(
            (
                "Windows",
                (
                    f"{evidence.windows_used} of {evidence.windows_total} support the map "
                    f"({percent(evidence.inlier_share)}), scatter {small(evidence.residual_mad_ms, 2)} ms"
                ),
            )
        )
        rows.append(("Peak", f"{number(evidence.peak_ratio, 1)} times the highest one elsewhere"))
    rows.append(("Second witness", _witness(evidence.second_witness)))
    rows.append(("In common", clock(evidence.overlap_s)))
    if evidence.driver_disagreement_ms is not None:
        rows.append(
            ("Driver video", f"its sound is {number(evidence.driver_disagreement_ms, 1, 'ms')} off")
        )
    rows.append(
        (
            "Wall clocks",
            MISSING
            if evidence.wall_clock_disagreement_s is None
            else f"{number(evidence.wall_clock_disagreement_s, 2, 's')} from the map",
        )
    )
    rows.append(
        (
            "What this can't tell",
            (
                "sound aligns microphones: sound and pictures of a phone may differ by up to about 50 ms, "
                "constant for each device"
            ),
        )
    )
    return tuple(rows)


def _segment_rows(segment: Segment, *, several: bool) -> list[Row]:
    where = ""
    if several:
        where = f", {clock(segment.phone_start_s)} to {clock(segment.phone_end_s)}"
    middle_s = (segment.phone_start_s + segment.phone_end_s) / 2
    offset_ms = (segment.offset_s + segment.drift_ppm * 1e-6 * middle_s) * 1e3
    return [
        (
            f"Offset{where}",
            f"{number(offset_ms, 1)} ± {number(segment.offset_se_ms, 1)} ms in its middle",
        ),
        (
            f"Drift{where}",
            f"{number(segment.drift_ppm, 2)} ± {number(segment.drift_se_ppm, 2)} ppm",
        ),
    ]


def _witness(witness: SecondWitness | None) -> str:
    if witness is None:
        return MISSING
    if witness.agrees is None:
        return f"{witness.method}: can't tell"
    says = "agrees" if witness.agrees else "disagrees"
    return f"{witness.method}: {says}, {number(witness.disagreement_ms, 1, 'ms')} from the map"


def _sentence(text: str) -> str:
    return f"– {text}"
