"""``dashgaze anonymize``."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .command import AsJson, Force, Quiet, print_json
from .progress_bar import progress_bar

_WORDS = {"face": "faces", "plate": "plates"}


def anonymize_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    faces: Annotated[
        str | None,
        typer.Option(
            metavar="DETECTOR",
            help="What finds faces: installed, WEIGHTS.onnx (WEIGHTS.onnx@0,2 for these classes of it "
            "only), or command:PROGRAM.",
            show_default=False,
        ),
    ] = None,
    plates: Annotated[
        str | None,
        typer.Option(
            metavar="DETECTOR", help="What finds licence plates, likewise.", show_default=False
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Boxes found elsewhere, with the columns view, frame_index, x_px, y_px, width_px, "
            "height_px, class (face or plate), confidence. A row without a box says that a frame has none; "
            "a frame without a row has no verdict.",
            show_default=False,
        ),
    ] = None,
    no_faces: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Why road and ego video may leave with faces as they are; it is written down.",
            show_default=False,
        ),
    ] = None,
    no_plates: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="The same for plates.", show_default=False),
    ] = None,
    view: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A view to be made: road, ego or driver; may be given several times.",
            show_default="road, ego, and driver if consent says blurred",
        ),
    ] = None,
    method: Annotated[
        Literal["blur", "pixelate", "fill"],
        typer.Option(
            help="blur and pixelate keep two coarse colours along a box, fill keeps nothing of it."
        ),
    ] = "blur",
    unjudged: Annotated[
        Literal["refuse", "cover"],
        typer.Option(
            help="Frames on which the boxes have no verdict: write nothing of the view, or cover the whole "
            "picture."
        ),
    ] = "refuse",
    confidence: Annotated[
        float, typer.Option(help="Least score of a box, for weights.", min=0.0, max=1.0)
    ] = 0.2,
    workers: Annotated[int, typer.Option(help="Views at once.", min=1, max=3)] = 1,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Blur faces and licence plates in the videos of a drive, so that they may leave.

    Writes derived/anonymized/{road,ego,driver}.mp4, which `dashgaze pack` takes as they are, and
    derived/anonymized.json: what looked for what, how much was covered, and what was not. A view is
    written only if each of its pictures was judged. A box is widened, bridged over 15 frames without it and
    kept for 5 at its ends. The driver's own face is covered if consent says blurred; in pictures where it
    is not found, everything is.

    A PROGRAM prints {"protocol": "dashgaze-regions/1", "name": …, "classes": ["face"]} once, then for each
    picture reads one JSON line (frame, width_px, height_px, bytes) and so many bytes of BGR, and
    answers with a line: {"frame": 0, "regions": [{"class": "face", "x_px": …, "y_px": …, "width_px": …,
    "height_px": …, "confidence": …}]}.

    Example: `dashgaze anonymize drives/session_07 --faces installed --plates plates.onnx`
    """
    from dashgaze.dataset.privacy import (
        AnonymizeOptions,
        anonymize,
        open_detectors,
        read_anonymized_record,
    )
    from dashgaze.session import open_session

    given = {"face": no_faces, "plate": no_plates}
    options = AnonymizeOptions(
        views=None if not view else tuple(view),  # type: ignore[arg-type]  # it checks them
        method=method,
        boxes=boxes,
        waivers={kind: reason for kind, reason in given.items() if reason is not None},  # type: ignore[misc]
        unjudged=unjudged,
    )
    opened = open_session(session)
    detectors = open_detectors(faces, plates, confidence=confidence)
    try:
        with progress_bar(quiet=quiet) as progress:
            path = anonymize(
                opened,
                options,
                detectors=detectors,
                workers=workers,
                force=force,
                progress=progress,
            )
    finally:
        for each in detectors:
            each.close()
    record = read_anonymized_record(opened)
    if as_json:
        print_json({"path": str(path), "views": record.to_plain()["views"]})
        return
    for name, made in sorted(record.views.items()):
        _print_view(name, made)
    typer.echo(f"written to {path}")


def _print_view(name: str, made: Any) -> None:
    account = made.account
    typer.secho(f"{name}", bold=True, nl=False)
    typer.echo(f"  {account.frames} pictures")
    for kind, each in account.classes.items():
        if each.waived is None:
            typer.echo(
                f"  {_WORDS[kind]:<7} {each.found} found, {each.added} added between and beside them, in "
                f"{each.frames} pictures ({', '.join(each.searched_by)})"
            )
    whole = account.frames_without_verdict + account.driver_not_found
    if whole:
        typer.echo(f"  {whole} pictures covered whole")
    for sentence in account.not_covered:
        typer.echo(f"  {sentence}")
