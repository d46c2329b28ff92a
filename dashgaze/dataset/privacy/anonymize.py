"""``dashgaze anonymize``: faces and licence plates covered in the videos of a session.

A view is written only if everything that has to be looked for was looked for in each of its pictures.
Pictures are covered before they are coded, and nothing that shows them uncovered touches the disk.
"""

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import numpy as np

from dashgaze.dataset.video.video_file import VideoFile
from dashgaze.dataset.video.view_source import View, ViewSource, open_view
from dashgaze.errors import InputError
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session
from dashgaze.stages.input_watch import InputWatch
from dashgaze.stages.record import StageRecord, plan_stage, up_to_date

from .account import count
from .anonymized_files import (
    STAGE,
    VERSION,
    AnonymizedRecord,
    AnonymizedView,
    read_anonymized_record,
    record_path,
    recorded_inputs,
    view_path,
    write_anonymized_record,
)
from .box_file import BoxFile, read_boxes
from .covering import covered
from .detector import RegionDetector
from .options import AnonymizeOptions
from .search import SearchPlan, plan_search, refuse_unjudged, search
from .tracking import Cover, cover_regions, widened

_SEARCH_SHARE = 0.6


def anonymize(
    session: Session,
    options: AnonymizeOptions | None = None,
    *,
    detectors: Sequence[RegionDetector] = (),
    workers: int = 1,
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Cover faces and licence plates in the videos of a session.

    Writes ``derived/anonymized/<view>.mp4``, with the ticks and the quality of the data set, and
    ``derived/anonymized.json``. Views that would come out as they are already are skipped. A view is
    written whole or not at all; those that were finished before an error stay.

    Parameters
    ----------
    session
        The session.
    options
        What is asked for.
    detectors
        What looks for faces and plates, beside ``options.boxes``. They are not closed.
    workers
        Views at once; a detector is asked by one at a time.
    force
        Whether views are made again that would be skipped.
    progress
        Where to report to.

    Returns
    -------
    Path
        The record.

    Raises
    ------
    InputError
        If nothing looks for something that has to be looked for, a picture can't be judged, the boxes
        are of another video, or a view can't be read.
    OutputError
        If it can't be written.
    """
    asked = options or AnonymizeOptions()
    box_file = None if asked.boxes is None else read_boxes(asked.boxes)
    run = _Run(session, asked, box_file, force=force)
    # Everything that can be refused is refused before the first picture is decoded.
    plans = [plan_search(view, asked, detectors, box_file) for view in _views(session, asked)]
    shares = [
        part_of(progress, number / len(plans), (number + 1) / len(plans))
        for number in range(len(plans))
    ]
    if workers == 1 or len(plans) == 1:
        for plan, share in zip(plans, shares, strict=True):
            run.make(plan, share)
    else:
        with ThreadPoolExecutor(workers, thread_name_prefix="dashgaze-view") as pool:
            for done in [pool.submit(run.make, plan, silent) for plan in plans]:
                done.result()
    progress("done", 1.0)
    return record_path(session)


def _views(session: Session, options: AnonymizeOptions) -> list[View]:
    if options.views is not None:
        return sorted(set(options.views))
    consent = session.manifest.consent
    views: list[View] = ["ego", "road"]
    if consent is not None and consent.scope == "blurred":
        views.insert(0, "driver")
    return views


class _Run:
    """The work on one session; views may be made in several threads."""

    def __init__(
        self, session: Session, options: AnonymizeOptions, box_file: BoxFile | None, *, force: bool
    ) -> None:
        self._session, self._options, self._box_file = session, options, box_file
        self._force = force
        self._detecting, self._recording = Lock(), Lock()

    def make(self, plan: SearchPlan, progress: Progress) -> None:
        """Make a view, unless it would come out as it is."""
        session, view, path = self._session, plan.view, view_path(self._session, plan.view)
        watch = InputWatch(session, self._inputs(view))
        wanted = self._wanted(plan)
        with self._recording:
            made = self._read_record().views.get(view)
        if not self._force and up_to_date(
            None if made is None else made.record, wanted, root=session.root
        ):
            return
        source = open_view(session, view, progress=part_of(progress, 0.0, 0.05))
        if source is None:
            raise InputError(
                f"{session.root} has no {view} video.",
                fix="Leave that view out: --view names those to be made.",
                path=session.root,
            )
        verdicts = search(
            plan, source, lock=self._detecting, progress=part_of(progress, 0.05, _SEARCH_SHARE)
        )
        if self._options.unjudged == "refuse":
            refuse_unjudged(plan, verdicts)
        covers = cover_regions(
            verdicts.regions,
            shift_px=verdicts.shift_px,
            bridge_frames=self._options.bridge_frames,
            keep_frames=self._options.keep_frames,
        )
        lost = [False] * len(covers) if view != "driver" else [not each for each in covers]
        if all(lost):
            raise InputError(
                f"No face was found in any of the {len(lost)} pictures of the driver video.",
                fix="Give another detector, or boxes: --boxes FILE.csv",
                path=source.paths[0],
            )
        whole = [absent or not judged for absent, judged in zip(lost, verdicts.judged, strict=True)]
        what = dict(zip(verdicts.frame_index, zip(covers, whole, strict=True), strict=True))
        self._write(
            source,
            what,
            path,
            lambda: watch.refuse_changes(wanted),
            part_of(progress, _SEARCH_SHARE, 1.0),
        )
        account = count(
            plan,
            verdicts,
            covers,
            frame_count=source.frame_count,
            driver_not_found=sum(lost),
        )
        done = AnonymizedView(
            record=wanted.finished([path], root=session.root, notes=account.not_covered),
            account=account,
        )
        with self._recording:
            views = self._read_record().views
            write_anonymized_record(session, AnonymizedRecord(views={**views, view: done}))

    def _write(
        self,
        source: ViewSource,
        what: dict[int, tuple[list[Cover], bool]],
        path: Path,
        refuse_changes: Callable[[], None],
        progress: Progress,
    ) -> None:
        width, height = source.size_px
        everything = np.array([0.0, 0.0, width, height])
        written = 0
        with VideoFile(path, source.size_px, crf=self._options.crf) as file:
            for each in source.pictures():
                if each.frame_index not in what:
                    break
                covers, whole = what[each.frame_index]
                boxes = [
                    widened(cover.box, self._options.margin_share, self._options.margin_px)
                    for cover in covers
                ]
                if whole:
                    boxes = [everything]
                file.add(covered(each.picture.planes, boxes, self._options.method), each.ticks)
                written += 1
                progress(f"writing the {source.view} video", written / len(what))
            if written < len(what):
                raise InputError(
                    f"The {source.view} video can't be read as it was a moment ago: "
                    f"{written} of {len(what)} pictures came again.",
                    fix="Leave the recording alone while it is read, and try again.",
                    path=source.paths[0],
                )
            refuse_changes()  # the faces may be those of other pictures

    def _inputs(self, view: View) -> list[Path]:
        session, boxes = self._session, self._box_file
        inputs = recorded_inputs(session, view)
        if boxes is not None and boxes.path.resolve().is_relative_to(session.root.resolve()):
            inputs.append(session.root / boxes.path.resolve().relative_to(session.root.resolve()))
        return inputs

    def _wanted(self, plan: SearchPlan) -> StageRecord:
        session, options, boxes = self._session, self._options, self._box_file
        chosen = {
            field.name: getattr(options, field.name)
            for field in dataclasses.fields(options)
            if field.name not in ("views", "boxes", "waivers")
        }
        return plan_stage(
            STAGE,
            version=VERSION,
            options={
                **chosen,
                "waived": plan.waived,
                "boxes": None if boxes is None else boxes.facts,
                "detectors": [
                    {"name": each.name, "classes": sorted(each.classes), "facts": each.facts}
                    for each in plan.detectors
                ],
            },
            inputs=self._inputs(plan.view),
            root=session.root,
            packages=("av", "numpy", "opencv-python-headless"),
        )

    def _read_record(self) -> AnonymizedRecord:
        try:
            return read_anonymized_record(self._session)
        except InputError:
            if self._force:
                return AnonymizedRecord()
            raise
