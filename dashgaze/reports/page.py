"""What the page of one drive says: all of it as plain text and shapes, for the template to lay out."""

from dataclasses import dataclass

from .clock_section import clock_note, clock_rows
from .density import Density
from .drive import Drive
from .health_section import eye_rows, stream_names, stream_rows
from .plots import Plot, plot_correlation, plot_residuals
from .processing_section import StageRow, manifest_rows, stage_rows
from .road_section import PairView, pair_view, pairs_note, road_note, road_rows
from .rules import clock_error_ms
from .texts import MISSING, clock, counted, moment, number, percent
from .timeline import Timeline, draw_timeline
from .verdict import TITLES, Reason, Severity, Verdict, verdict_of

WORDS: dict[Severity, str] = {
    "redo": "Redo:",
    "unknown": "Not known:",
    "flag": "Flag:",
    "note": "Note:",
}

_TEXTS: dict[Verdict | None, str] = {
    "usable": "Nothing speaks against using this drive.",
    "usable_with_flags": "Use it, and mind what is flagged below.",
    "redo": "As it is, the drive is of no use; the reasons are below.",
    None: "Something that decides has not been looked at; what to do is below.",
}

Row = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A key figure."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """Content of the page; see the template."""

    title: str
    subtitle: str
    verdict: str
    verdict_title: str
    verdict_text: str
    words: dict[Severity, str]
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    notes_title: str
    tiles: tuple[Tile, ...]
    timeline: Timeline | None
    events_text: str
    clock_note: str
    clock_rows: tuple[Row, ...]
    plots: tuple[Plot, ...]
    road_note: str
    road_rows: tuple[Row, ...]
    density: Density | None
    density_words: tuple[str, ...]
    density_place: str
    pairs: tuple[PairView, ...]
    pairs_note: str
    stream_names: tuple[str, ...]
    stream_rows: tuple[tuple[str, tuple[str, ...]], ...]
    eye_rows: tuple[Row, ...]
    manifest_rows: tuple[Row, ...]
    stage_rows: tuple[StageRow, ...]


def make_page(drive: Drive, reasons: tuple[Reason, ...], density: Density | None) -> Page:
    """Put into words and shapes what is known of a drive."""
    verdict = verdict_of(reasons)
    notes = tuple(reason for reason in reasons if reason.severity == "note")
    return Page(
        title=drive.session.manifest.session_id,
        subtitle=subtitle(drive),
        verdict=verdict or "unknown",
        verdict_title=TITLES[verdict],
        verdict_text=_TEXTS[verdict],
        words=WORDS,
        reasons=tuple(reason for reason in reasons if reason.severity != "note"),
        notes=notes,
        notes_title=f"{counted(len(notes), 'note')} that the verdict does not depend on",
        tiles=_tiles(drive),
        timeline=draw_timeline(drive),
        events_text=counted(len(drive.events), "event"),
        clock_note=clock_note(drive),
        clock_rows=clock_rows(drive),
        plots=_plots(drive),
        road_note=road_note(drive, density),
        road_rows=road_rows(drive),
        density=density,
        density_words=() if density is None else tuple(map(percent, density.area_shares)),
        density_place=""
        if density is None
        else f"{percent(density.median_x)} from the left and {percent(density.median_y)} from the top",
        pairs=tuple(pair_view(pair) for pair in drive.pictures),
        pairs_note=pairs_note(drive),
        stream_names=stream_names(drive),
        stream_rows=stream_rows(drive),
        eye_rows=eye_rows(drive),
        manifest_rows=manifest_rows(drive),
        stage_rows=stage_rows(drive),
    )


def subtitle(drive: Drive) -> str:
    """Say whose drive it was and when, as far as the manifest says."""
    manifest = drive.session.manifest
    parts = [
        f"Driver {manifest.driver_id}" if manifest.driver_id else "Driver not named",
        moment(manifest.recorded_at) if manifest.recorded_at else "time not given",
        manifest.car or "car not named",
    ]
    return " · ".join(parts)


def _plots(drive: Drive) -> tuple[Plot, ...]:
    if drive.evidence is None:
        return ()
    residuals = plot_residuals(drive.evidence)
    found = [plot_correlation(drive.evidence)]
    return tuple(found if residuals is None else [*found, residuals])


def _tiles(drive: Drive) -> tuple[Tile, ...]:
    return (
        _length(drive),
        _clocks(drive),
        _gaze(drive),
        _on_road(drive),
        _error(drive),
        _lost(drive),
    )


def _length(drive: Drive) -> Tile:
    span = drive.span_s
    common = drive.common_s
    detail = "what both devices saw is not known"
    if common is not None:
        detail = f"{clock(common)} seen by both devices"
    return Tile(
        label="Length", value=clock(None if span is None else span[1] - span[0]), detail=detail
    )


def _clocks(drive: Drive) -> Tile:
    error_ms = clock_error_ms(drive)
    document = drive.time_map
    if document is None:
        return Tile(label="Clocks", value=MISSING, detail="not aligned yet")
    value = MISSING if error_ms is None else f"± {number(error_ms, 1)} ms"
    method = {"sound": "aligned by sound", "manual": "set by hand"}.get(
        document.evidence.method, document.evidence.method
    )
    detail = {"ok": method, "doubtful": f"{method}, doubtful", "failed": "could not be aligned"}
    return Tile(label="Clocks", value=value, detail=detail[document.verdict])


def _gaze(drive: Drive) -> Tile:
    if drive.frames is not None:
        return Tile(
            label="With gaze",
            value=percent(drive.frames.gaze_share),
            detail="of the scene camera's frames",
        )
    share = None if drive.samples is None else drive.samples.valid_share
    return Tile(label="With gaze", value=percent(share), detail="of the eye tracker's samples")


def _on_road(drive: Drive) -> Tile:
    share = None if drive.frames is None else drive.frames.road_gaze_share
    detail = "of frames with gaze and a road frame" if share is not None else "not computed yet"
    return Tile(label="Gaze on the road", value=percent(share), detail=detail)


def _error(drive: Drive) -> Tile:
    summary = drive.align or {}
    error_px, error_deg = summary.get("median_error_px"), summary.get("median_error_deg")
    if error_px is None:
        return Tile(label="Error of the map", value=MISSING, detail="not computed yet")
    return Tile(
        label="Error of the map",
        value=f"{number(error_px, 2)} px",
        detail=f"{number(error_deg, 3)}°, median, 1σ, stated; without the eye tracker's own",
    )


def _lost(drive: Drive) -> Tile:
    known = [stream for stream in drive.streams if stream.lost_count is not None]
    if not known:
        return Tile(label="Frames lost", value=MISSING, detail="no video could be read")
    worst = max(known, key=lambda stream: stream.lost_share or 0.0)
    names = {"road": "road video", "driver": "driver video", "world": "scene camera"}
    return Tile(
        label="Frames lost",
        value=number(sum(stream.lost_count or 0 for stream in known)),
        detail=f"most in the {names[worst.name]}: {percent(worst.lost_share)}",
    )
