"""``dashgaze detect-objects``."""

from pathlib import Path
from typing import Annotated

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar


def detect_objects_command(
    data: Annotated[
        Path, typer.Argument(help="A packed data set with road videos.", show_default=False)
    ],
    model: Annotated[
        Path,
        typer.Argument(
            help="Your detector: a YOLO network (v5 to v11) as an ONNX file.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File of boxes to write.")] = Path(
        "boxes.csv"
    ),
    session: Annotated[
        list[str] | None,
        typer.Option("--session", help="Only this session; may be repeated.", show_default=False),
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", help="Least score of a box, 0 to 1.")
    ] = 0.25,
    every_s: Annotated[
        float, typer.Option("--every", help="Search a road frame each so many seconds.")
    ] = 0.1,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find road users in the road videos of a data set, with a detector of your own.

    No weights come with dashgaze. Any YOLO exported to ONNX will do; names of its classes are taken from the
    file. The boxes go to one CSV file, which `dashgaze analyze --boxes` reads; boxes that were made
    elsewhere can be given there as well, as CSV or COCO JSON.

    Example: `dashgaze detect-objects dashgaze/ yolo11n.onnx --out boxes.csv`
    """
    from dashgaze.analysis.objects.detect_objects import ObjectDetector, detect_objects

    detector = ObjectDetector(model, confidence=confidence)
    with progress_bar(quiet=quiet) as progress:
        path = detect_objects(
            data, detector, out, sessions=session, every_s=every_s, progress=progress
        )
    if as_json:
        print_json({"path": str(path)})
    else:
        typer.echo(f"  written to {path}")
