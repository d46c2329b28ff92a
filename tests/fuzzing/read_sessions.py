"""The readers of a session's files."""

import asyncio
import contextlib
from pathlib import Path

import numpy as np
from read_calls import Read, every, files
from seed_writing import START_NS


def read_manifest(folder: Path) -> None:
    from dashgaze.collection.offload.manifest_paths import fill_manifest
    from dashgaze.collection.record.form import known_drivers
    from dashgaze.session import find_sessions, open_session

    def opened() -> None:
        session = open_session(folder)
        _ = (
            session.manifest.phone_start_ns,
            session.road_path,
            session.speed_path,
            session.driver_path,
        )

    every(
        [
            opened,
            lambda: find_sessions(folder),
            lambda: known_drivers(folder.parent),
            lambda: fill_manifest(folder),
        ]
    )


def read_session_checks(folder: Path) -> None:
    from dashgaze.checks import check

    check(folder)


def read_sensor_files(folder: Path) -> None:
    """All that a stage reads of eye tracker, phone and clocks, from one session."""
    from dashgaze.session import open_session
    from dashgaze.stages.phone_streams import read_phone_streams

    session = open_session(folder)
    every([session.recording, lambda: read_phone_streams(session, [], lambda *_: None)])


def read_recordings(folder: Path) -> None:
    from dashgaze.collection.eye_tracker import open_recording, recognise
    from dashgaze.collection.importing.sources import find_sources, is_tracker

    def one(place: Path) -> list[Read]:
        return [
            lambda: recognise(place),
            lambda: open_recording(place),
            lambda: is_tracker(place),
            lambda: find_sources([place]),
        ]

    every(call for place in sorted(folder.iterdir()) if place.is_dir() for call in one(place))


def read_tracks(folder: Path) -> None:
    from dashgaze.collection.importing.formats import looks_like_location
    from dashgaze.collection.location import read_location
    from dashgaze.collection.speed_obd import read_obd
    from dashgaze.collection.speed_source import best_speed

    def car(path: Path) -> None:
        told = read_obd(path, zone_s=3600.0 if path.name == "wide.csv" else None)
        best_speed(told, None, start_ns=START_NS)
        best_speed(told, read_location(folder / "track.csv"), start_ns=START_NS)

    every(
        [
            *[
                lambda end=end: read_location(folder / f"track.{end}")
                for end in ("csv", "gpx", "nmea")
            ],
            *[lambda name=name: car(folder / f"{name}.csv") for name in ("wide", "long", "unix")],
            *[lambda path=path: looks_like_location(path) for path in files(folder, "*")],
        ]
    )


def read_field(folder: Path) -> None:
    from dashgaze.analysis.quality.accuracy import read_accuracy
    from dashgaze.collection.companion import read_gaze_log
    from dashgaze.collection.companion.gaze_log import GazeLog
    from dashgaze.collection.offload.copy_record import CopyRecord, read_checksums
    from dashgaze.collection.offload.drive_times import read_drive_times
    from dashgaze.collection.offload.lacking import _still_on_the_phone
    from dashgaze.collection.page.journal import Journal
    from dashgaze.collection.page.parts import Parts
    from dashgaze.collection.page.phone_log import read_logs
    from dashgaze.collection.record import (
        drive_status,
        read_clocks,
        read_events,
        read_journal,
        replay,
    )
    from dashgaze.collection.targets.known_targets import on_tracker_clock, pack_targets
    from dashgaze.collection.targets.target_log import read_log

    def page() -> None:
        journal = Journal(folder / "field" / "page" / "journal.jsonl")
        try:
            for log in read_logs(Parts(folder / "field" / "page", journal)).values():
                log.offset_at(5.0)
        finally:
            journal.close()

    def continued() -> None:
        log = GazeLog(folder / "field", device={"name": "x"})
        asyncio.run(log.close())

    every(
        [
            lambda: read_gaze_log(folder / "field" / "gaze.bin"),
            lambda: replay(read_journal(folder)),
            lambda: read_events(folder),
            lambda: read_clocks(folder),
            lambda: drive_status(folder),
            lambda: read_drive_times(folder),
            lambda: CopyRecord(folder),
            lambda: read_checksums(folder),
            lambda: _still_on_the_phone(folder),
            lambda: read_log(folder),
            lambda: pack_targets(folder),
            lambda: on_tracker_clock(folder, np.arange(4, dtype=np.int64)),
            lambda: read_accuracy(folder.parent),
            continued,
            page,
        ]
    )


def read_derived_records(folder: Path) -> None:
    from dashgaze.checks.derived import check_derived
    from dashgaze.checks.report import Findings
    from dashgaze.comparison.truth_files import truth_of
    from dashgaze.session import open_session
    from dashgaze.stages.align import read_summary
    from dashgaze.stages.faces import read_faces_summary
    from dashgaze.stages.record import read_record, read_time_map_record
    from dashgaze.stages.session_clock import read_session_clock
    from dashgaze.stages.vanishing_point import read_vanishing_point_summary

    derived = folder / "derived"
    session = open_session(folder)

    def clock() -> None:
        found = read_session_clock(derived)
        _ = found.drift_ppm, found.standard_error_ms(1.0)

    every(
        [
            clock,
            lambda: read_summary(derived),
            lambda: read_faces_summary(derived),
            lambda: read_vanishing_point_summary(derived),
            *[
                lambda name=name: read_record(derived / f"{name}.json")
                for name in ("frames", "align", "faces")
            ],
            lambda: read_time_map_record(derived / "time_map.json", root=folder),
            lambda: check_derived(session, Findings(root=folder)),
            lambda: truth_of(session, of="clocks"),
        ]
    )


def read_derived_tables(folder: Path) -> None:
    from dashgaze.dataset.consent import release_under
    from dashgaze.dataset.tables.drive_tables import drive_tables
    from dashgaze.rendering.gaze_rows import GazeRows, GazeSamples
    from dashgaze.reports.faces import read_face_facts
    from dashgaze.reports.frame_facts import read_frame_facts
    from dashgaze.session import open_session

    derived = folder / "derived"
    session = open_session(folder)

    def rows() -> None:
        with contextlib.suppress(OSError, ValueError, KeyError):  # as its documentation says
            GazeRows.read(derived / "frames.parquet", derived / "homographies.parquet")

    every(
        [
            lambda: drive_tables(session, release_under("raw"), location=True),
            lambda: read_face_facts(derived, has_driver_video=True),
            lambda: read_frame_facts(
                derived / "frames.parquet", first_frame_ns=None, time_map=None
            ),
            rows,
            lambda: GazeSamples.read(derived / "gaze.parquet"),
        ]
    )


def read_stages(folder: Path) -> None:
    """The stages over damaged results: all that they read of each other, and the report over it."""
    from dashgaze.reports.report import ReportOptions, report
    from dashgaze.session import open_session
    from dashgaze.stages.frames import frames

    session = open_session(folder)
    every([lambda: report(session, ReportOptions()), lambda: frames(session)])


def read_media(folder: Path) -> None:
    from dashgaze.collection.importing.part_scan import scan_part
    from dashgaze.collection.importing.sources import open_video
    from dashgaze.collection.importing.start_time import estimate_start
    from dashgaze.collection.page.remux import read_part
    from dashgaze.media import LumaReader, probe, read_frame_times, read_sound
    from dashgaze.media.colour import ColourReader
    from dashgaze.media.completeness import is_cut_short, lacks_index

    def pictures(path: Path) -> None:
        times = read_frame_times(path)
        with LumaReader(path, times, thread_count=1) as luma:
            list(luma.read([0, len(times.pts) // 2, len(times.pts) - 1]))
        with ColourReader(path, times, thread_count=1) as colour:
            colour.read(len(times.pts) - 1)
            colour.read(0)

    def one(path: Path) -> list[Read]:
        return [
            lambda: estimate_start(probe(path)),
            lambda: read_sound(path, rate_hz=8000),
            lambda: pictures(path),
            lambda: scan_part(path),
            lambda: read_part(path),
            lambda: open_video(path),
            lambda: (is_cut_short(path), lacks_index(path)) if path.is_file() else None,
        ]

    changed = [
        path
        for path in files(folder, "*")
        if path.is_symlink() or path.is_dir() or path.stat().st_nlink == 1
    ]
    every(call for path in changed for call in one(path))
