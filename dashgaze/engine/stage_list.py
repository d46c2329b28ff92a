"""The stages, in the order in which a drive passes through them.

What a stage needs is imported when it is asked for something: a look at ten thousand sessions has no need of
matchers and networks.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar

from dashgaze.errors import InputError
from dashgaze.progress import Progress
from dashgaze.session import Session
from dashgaze.stages.record import StageRecord, read_time_map_record

from .stage import NONE_COMING, Part, Stage

_LEFT = "what a killed run left is to be removed"
_REPORT_VERDICTS = {"usable": "ok", "usable_with_flags": "doubtful", "redo": "failed"}


def _no_recording(session: Session) -> str:
    if not session.eye_tracker_path.exists():
        return "no recording of the eye tracker"
    return "" if session.road_path.is_file() else "no road video"


def _content(session: Session, name: str) -> dict[str, Any]:
    path = session.derived / name
    if not path.is_file():  # a pipe would be waited for
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _summary_verdict(session: Session, name: str) -> str | None:
    summary = _content(session, name).get("summary")
    verdict = summary.get("verdict") if isinstance(summary, dict) else None
    return verdict if isinstance(verdict, str) else None


class SyncStage(Stage):
    """The clocks of phone and eye tracker."""

    name, record_name = "sync", "time_map.json"
    machine_s_per_drive_s = 0.03

    def options_class(self) -> type[Any]:
        """Give the dataclass of its options."""
        from dashgaze.alignment.sync import SyncOptions

        return SyncOptions

    def plan(self, session: Session, given: dict[str, Any]) -> StageRecord:
        """Describe what it would do; an offset set by hand stays."""
        from dashgaze.stages.sync import plan_sync

        return plan_sync(session, self.options(session, given), **self._manual(session))

    def run(
        self, session: Session, given: dict[str, Any], progress: Progress, *, force: bool = False,
        coming: frozenset[str] = NONE_COMING,
    ) -> None:  # fmt: skip
        """Do it."""
        from dashgaze.stages.sync import sync

        options, manual = self.options(session, given), self._manual(session)
        sync(session, options, **manual, force=force, progress=progress)

    def start_over(self, session: Session) -> None:
        """Do nothing yet: the map stands until the new one takes its place, and with it an offset set by hand."""

    def previous(self, session: Session) -> StageRecord | None:
        """Read what it did before."""
        path = session.derived / self.record_name
        return read_time_map_record(path, root=session.root)

    def obstacle(self, session: Session) -> str:
        """Say what is missing."""
        return _no_recording(session)

    def verdict(self, session: Session) -> str | None:
        """Give its verdict."""
        verdict = _content(session, self.record_name).get("verdict")
        return verdict if isinstance(verdict, str) else None

    def _manual(self, session: Session) -> dict[str, Any]:
        """Give the offset that someone has set by hand: no run ever throws it away."""
        before = self.previous(session)
        used = {} if before is None else before.options
        names = ("manual_offset_s", "manual_drift_ppm")
        return {name: used[name] for name in names if "manual_offset_s" in used and name in used}


class FramesStage(Stage):
    """Everything on the ego frames."""

    name, record_name, after = "frames", "frames.json", ("sync",)
    machine_s_per_drive_s = 0.01

    def options_class(self) -> type[Any]:
        """Give the dataclass of its options."""
        from dashgaze.stages.frames import FramesOptions

        return FramesOptions

    def plan(self, session: Session, given: dict[str, Any]) -> StageRecord:
        """Describe what it would do."""
        from dashgaze.stages.frames import plan_frames

        return plan_frames(session, self.options(session, given))

    def run(
        self, session: Session, given: dict[str, Any], progress: Progress, *, force: bool = False,
        coming: frozenset[str] = NONE_COMING,
    ) -> None:  # fmt: skip
        """Do it."""
        from dashgaze.stages.frames import frames

        frames(session, self.options(session, given), force=force, progress=progress)

    def previous(self, session: Session) -> StageRecord | None:
        """Read what it did before; a later stage that was killed while it filled the tables has changed nothing."""
        from dashgaze.stages.filled_tables import read_tables_record

        return read_tables_record(session)

    def obstacle(self, session: Session) -> str:
        """Say what is missing."""
        return "" if session.eye_tracker_path.exists() else "no recording of the eye tracker"

    def verdict(self, session: Session) -> str | None:
        """Give none: the stage judges nothing."""
        return None


class AlignStage(Stage):
    """Gaze on the road view."""

    name, record_name, after, needs = "align", "align.json", ("sync", "frames"), ("sync", "frames")
    machine_s_per_drive_s = 0.8

    def options_class(self) -> type[Any]:
        """Give the dataclass of its options."""
        from dashgaze.stages.align import AlignOptions

        return AlignOptions

    def plan(self, session: Session, given: dict[str, Any]) -> StageRecord:
        """Describe what it would do."""
        from dashgaze.stages.align import plan_align

        return plan_align(session, self.options(session, given))

    def parts(
        self, session: Session, given: dict[str, Any], progress: Progress, *,
        coming: frozenset[str] = NONE_COMING,
    ) -> list[Part]:  # fmt: skip
        """Give the stretches that are not matched yet."""
        from dashgaze.stages.align import align_parts

        keep = VanishingPointStage.name in coming
        options = self.options(session, given)
        return list(align_parts(session, options, keep_road_flow=keep, progress=progress))

    def run(
        self, session: Session, given: dict[str, Any], progress: Progress, *, force: bool = False,
        coming: frozenset[str] = NONE_COMING,
    ) -> None:  # fmt: skip
        """Do it."""
        from dashgaze.stages.align import align

        keep = VanishingPointStage.name in coming
        align(session, self.options(session, given), keep_road_flow=keep, progress=progress)

    def unfilled(self, session: Session) -> str:
        """Say whether a run that was killed at its very end has left its work."""
        return _LEFT if any(session.derived.glob(".align-*.part")) else ""

    def obstacle(self, session: Session) -> str:
        """Say what is missing."""
        if _content(session, "time_map.json").get("verdict") == "failed":
            return "the clocks could not be aligned"
        return _no_recording(session)

    def verdict(self, session: Session) -> str | None:
        """Give its verdict."""
        return _summary_verdict(session, self.record_name)


class VanishingPointStage(Stage):
    """Where the car is heading. It comes after `align`, which finds the road camera's focal length."""

    name, record_name = "vanishing-point", "vanishing_point.json"
    after, needs = ("frames", "align"), ("frames",)
    machine_s_per_drive_s = 0.2

    def options_class(self) -> type[Any]:
        """Give the dataclass of its options."""
        from dashgaze.stages.vanishing_point import VanishingPointOptions

        return VanishingPointOptions

    def options_of(self, record: StageRecord) -> dict[str, Any]:
        """Give the options that a record tells of; a focal length only if it was chosen by hand."""
        chosen = record.options.get("focal_origin") == "option"
        return {"focal_px": record.options.get("focal_px")} if chosen else {}

    def plan(self, session: Session, given: dict[str, Any]) -> StageRecord:
        """Describe what it would do."""
        from dashgaze.stages.vanishing_point import plan_vanishing_point

        return plan_vanishing_point(session, self.options(session, given))

    def run(
        self, session: Session, given: dict[str, Any], progress: Progress, *, force: bool = False,
        coming: frozenset[str] = NONE_COMING,
    ) -> None:  # fmt: skip
        """Do it."""
        from dashgaze.stages.vanishing_point import vanishing_point

        vanishing_point(session, self.options(session, given), force=force, progress=progress)

    def unfilled(self, session: Session) -> str:
        """Say whether the frame table was made anew since, or a run that was killed has left what `align` kept."""
        from dashgaze.stages.road_flow import road_flow_is_left
        from dashgaze.stages.vanishing_point import frames_are_filled

        if not frames_are_filled(session):
            return "the frame table was made anew and lacks the vanishing point"
        return _LEFT if road_flow_is_left(session) else ""

    def obstacle(self, session: Session) -> str:
        """Say what is missing."""
        return _no_recording(session)

    def verdict(self, session: Session) -> str | None:
        """Give its verdict."""
        return _summary_verdict(session, self.record_name)


class FacesStage(Stage):
    """The driver's face. One ego frame in six, as the data set's pictures."""

    name, record_name, after = "faces", "faces.json", ("frames",)
    machine_s_per_drive_s = 0.4
    usual: ClassVar[dict[str, Any]] = {"every": 6}

    def options_class(self) -> type[Any]:
        """Give the dataclass of its options."""
        from dashgaze.stages.faces import FacesOptions

        return FacesOptions

    def options_of(self, record: StageRecord) -> dict[str, Any]:
        """Give the options that a record tells of."""
        names = ("every", "side", "fov_deg")
        return {name: record.options[name] for name in names if name in record.options}

    def plan(self, session: Session, given: dict[str, Any]) -> StageRecord:
        """Describe what it would do; faces that another detector has found by hand stay."""
        from dashgaze.stages.faces import plan_faces

        before = self.previous(session)
        wanted = plan_faces(session, self.options(session, given))
        if before is not None and "detector" not in given and _by_hand(before):
            kept = {name: before.options.get(name) for name in ("detector", "detector_facts")}
            return replace(wanted, options=wanted.options | kept)
        return wanted

    def parts(
        self, session: Session, given: dict[str, Any], progress: Progress, *,
        coming: frozenset[str] = NONE_COMING,
    ) -> list[Part]:  # fmt: skip
        """Give the stretches that are not looked at yet."""
        from dashgaze.stages.faces import faces_parts

        self._refuse_lost_detector(session, given)
        return list(faces_parts(session, self.options(session, given)))

    def run(
        self, session: Session, given: dict[str, Any], progress: Progress, *, force: bool = False,
        coming: frozenset[str] = NONE_COMING,
    ) -> None:  # fmt: skip
        """Do it."""
        from dashgaze.stages.faces import faces

        self._refuse_lost_detector(session, given)
        faces(session, self.options(session, given), progress=progress)

    def unfilled(self, session: Session) -> str:
        """Say whether a run that was killed at its very end has left its work."""
        return _LEFT if any(session.derived.glob(".faces-*.part")) else ""

    def obstacle(self, session: Session) -> str:
        """Say what is missing."""
        path = session.driver_path
        return "" if path is not None and path.is_file() else "no video of the driver"

    def verdict(self, session: Session) -> str | None:
        """Give its verdict."""
        return _summary_verdict(session, self.record_name)

    def _refuse_lost_detector(self, session: Session, given: dict[str, Any]) -> None:
        before = self.previous(session)
        if before is not None and "detector" not in given and _by_hand(before):
            raise InputError(
                f"The faces of {session.root} were found by {before.options['detector']}, whose files the "
                "record doesn't name; they are not replaced by another detector's unasked.",
                fix="Name the detector under `faces:` in the file of --config, or run `dashgaze faces`.",
                path=session.derived / self.record_name,
            )


class ReportStage(Stage):
    """Whether the drive is usable, and why."""

    name, record_name = "report", "report.json"
    after = ("sync", "frames", "align", "vanishing-point", "faces")
    machine_s_per_drive_s = 0.05

    def options_class(self) -> type[Any]:
        """Give the dataclass of its options."""
        from dashgaze.reports.options import ReportOptions

        return ReportOptions

    def previous(self, session: Session) -> StageRecord | None:
        """Read what it did before, which is part of its figures."""
        content = _content(session, self.record_name)
        names = StageRecord.__dataclass_fields__
        try:
            return StageRecord.from_json(
                json.dumps({name: value for name, value in content.items() if name in names})
            )
        except ValueError:
            return None

    def plan(self, session: Session, given: dict[str, Any]) -> StageRecord:
        """Describe what it would do."""
        from dashgaze.reports.report import plan_report

        return plan_report(session, self.options(session, given))

    def run(
        self, session: Session, given: dict[str, Any], progress: Progress, *, force: bool = False,
        coming: frozenset[str] = NONE_COMING,
    ) -> None:  # fmt: skip
        """Do it."""
        from dashgaze.reports import report

        report(session, self.options(session, given), force=force, progress=progress)

    def obstacle(self, session: Session) -> str:
        """Say what is missing: of labels alone there is nothing to report."""
        if session.eye_tracker_path.exists() or session.road_path.exists():
            return ""
        return "no recordings: labels only"

    def verdict(self, session: Session) -> str | None:
        """Give its verdict, in the words of the other stages."""
        return _REPORT_VERDICTS.get(str(_content(session, self.record_name).get("verdict")))


def _by_hand(record: StageRecord) -> bool:
    """Whether faces were found by a detector that only its user can name."""
    return str(record.options.get("detector", "mtcnn")) != "mtcnn"


STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        stage.name: stage
        for stage in (
            SyncStage(),
            FramesStage(),
            AlignStage(),
            VanishingPointStage(),
            FacesStage(),
            ReportStage(),
        )
    }
)
"""All stages by name, in order."""
