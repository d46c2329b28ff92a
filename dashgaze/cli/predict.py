"""``dashgaze predict``."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar
from .sync import VERDICT_CODES, print_verdict


def predict_command(
    video: Annotated[Path, typer.Argument(help="Video of the driver.", show_default=False)],
    model: Annotated[
        Path,
        typer.Option(
            "--model",
            "-m",
            metavar="FOLDER",
            help="What `dashgaze train` wrote.",
            show_default=False,
        ),
    ],
    road: Annotated[
        Path | None,
        typer.Option(help="Video of the road, for its size and the overlay.", show_default=False),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the results; it is made.")
    ] = Path("predictions"),
    road_size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH",
            help="Size of the road picture, px, where there is no video of it.",
            show_default=False,
        ),
    ] = None,
    offset: Annotated[
        float,
        typer.Option(
            help="Time in the road video = time in the driver video + this, s. Needed if two recorders made "
            "them."
        ),
    ] = 0.0,
    overlay: Annotated[
        bool, typer.Option(help="Write overlay.mp4, if there is a road video.")
    ] = True,
    width: Annotated[
        int, typer.Option(help="Width of the overlay, px, even.", min=320, max=3840)
    ] = 1280,
    start: Annotated[
        float | None,
        typer.Option(
            help="Start of the part to answer, s of the driver video.", show_default=False
        ),
    ] = None,
    end: Annotated[
        float | None, typer.Option(help="End of the part to answer, s.", show_default=False)
    ] = None,
    every: Annotated[
        int,
        typer.Option(
            help="Look for the face in one frame in so many; in between it is followed.", min=1
        ),
    ] = 10,
    follow: Annotated[
        bool,
        typer.Option(help="Follow the face between two looks; else it stays where it was found."),
    ] = True,
    detector: Annotated[
        str,
        typer.Option(help="What finds faces: mtcnn, yunet:PATH.onnx or precomputed:PATH.csv."),
    ] = "mtcnn",
    mtcnn_weights: Annotated[
        Path | None,
        typer.Option(
            help="Folder with pnet.pt, rnet.pt and onet.pt, instead of the installed facenet-pytorch.",
            show_default=False,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Least confidence of a face.", min=0.01, max=0.999)
    ] = 0.9,
    side: Annotated[
        Literal["left", "right"] | None,
        typer.Option(
            help="On which side of the picture the driver sits, beside a passenger.",
            show_default="found out",
        ),
    ] = None,
    fov_deg: Annotated[
        float | None,
        typer.Option(
            help="Field of view of the driver camera across the longer side, degrees.",
            min=10,
            max=150,
            show_default="65, usual for phones",
        ),
    ] = None,
    mirrored: Annotated[
        bool,
        typer.Option(
            "--mirrored",
            help="The driver video is a mirror image, as many front cameras store it: writing in it reads "
            "backwards.",
            show_default=False,
        ),
    ] = False,
    adapt: Annotated[
        bool,
        typer.Option(
            "--adapt",
            help="Learn this driver on the way, by the pretext task of dashgazenet.",
            show_default=False,
        ),
    ] = False,
    training_data: Annotated[
        Path | None,
        typer.Option(
            help="The data set that the network was trained on: tells better which frames are unlike it.",
            show_default=False,
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(help="Frames the network answers at a time.", min=1)
    ] = 32,
    device: Annotated[str, typer.Option(help="Where the network runs: cpu, cuda …")] = "cpu",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell where on the road a driver looks, from two dashcam videos and no eye tracker.

    Writes predictions.parquet (one row for each frame of the driver video: place in the road picture, stated
    spread, direction, face, or why there is no answer), predictions.json and overlay.mp4. Exits with 3
    if the answers are doubtful: few faces, or frames unlike those trained on.

    Example: `dashgaze predict driver.mp4 -m runs/small --road road.mp4 -o predictions`
    """
    from dashgaze.models.prediction import PredictOptions, predict

    options = PredictOptions(
        road=road,
        road_size_px=None if road_size is None else _size_px(road_size),
        offset_s=offset,
        overlay=overlay,
        overlay_width_px=width // 2 * 2,
        start_s=start,
        end_s=end,
        detector=detector,
        mtcnn_weights=mtcnn_weights,
        confidence=confidence,
        every=every,
        follow=follow,
        side=side,
        fov_deg=fov_deg,
        mirrored=mirrored,
        adapt=adapt,
        training_data=training_data,
        batch_size=batch_size,
        device=device,
    )
    with progress_bar(quiet=quiet) as progress:
        path = predict(video, model, options, out, progress=progress)
    content = json.loads((path.parent / "predictions.json").read_text(encoding="utf-8"))
    if as_json:
        print_json({"path": str(path)} | content)
    else:
        _print(content)
        typer.echo(f"  written to {path.parent}")
    raise typer.Exit(VERDICT_CODES[content["verdict"]])


def _size_px(text: str) -> tuple[int, int]:
    from dashgaze.errors import InputError

    found = re.fullmatch(r"\s*(\d{1,5})\s*[x×X,]\s*(\d{1,5})\s*", text)
    size_px = (int(found[1]), int(found[2])) if found else (0, 0)
    if min(size_px) < 2:
        raise InputError(
            f"{text!r} is no size of a picture.",
            fix="Give width and height: `--road-size 1920x1080`.",
        )
    return size_px


def _print(content: dict[str, Any]) -> None:
    print_verdict(content["verdict"], content["warnings"])
    typer.echo(
        f"  answered   {content['answered']} of {content['video']['frames']} frames "
        f"({content['answered_share']:.1%}) with {content['checkpoint']['model']}"
    )
    for reason, count in content["reasons"].items():
        typer.echo(f"  no answer  {count}: {reason}")
    spread = content["median_sd_px"]
    if None not in spread:
        typer.echo(
            f"  spread     {spread[0]:.0f} x {spread[1]:.0f} px in the median frame, as stated"
        )
    if content["learning"] is not None:
        learned = content["learning"]
        accuracy = learned["pretext_accuracy"]
        known = "unknown" if accuracy is None else f"{accuracy:.1%}"
        typer.echo(
            f"  learning   {learned['updates']} updates; accuracy of the pretext task {known}"
        )
    parts = content["ms_a_frame"]
    rest = ", ".join(f"{name} {ms:.1f}" for name, ms in parts.items() if name != "total")
    typer.echo(f"  speed      {parts['total']:.1f} ms a frame ({rest})")
    for note in content["notes"]:
        typer.echo(f"  note: {note}")
