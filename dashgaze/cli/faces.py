"""``dashgaze faces``."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .command import AsJson, Force, Quiet, print_json
from .cores import core_count
from .progress_bar import progress_bar
from .sync import VERDICT_CODES, print_verdict


def faces_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    detector: Annotated[
        str,
        typer.Option(
            help="What finds faces: mtcnn, yunet:PATH.onnx (weights of your own), or precomputed:PATH.csv "
            "(found elsewhere in the pictures as they are stored; the columns are those of derived/faces.parquet)."
        ),
    ] = "mtcnn",
    mtcnn_weights: Annotated[
        Path | None,
        typer.Option(
            help="Folder with pnet.pt, rnet.pt and onet.pt, instead of the installed facenet-pytorch.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        int,
        typer.Option(
            help="Look only at the pictures of one ego frame in so many. `pack --images` takes one in six.",
            min=1,
        ),
    ] = 1,
    side: Annotated[
        Literal["left", "right"] | None,
        typer.Option(
            help="On which side of the picture the driver sits, beside the passenger.",
            show_default="found out",
        ),
    ] = None,
    fov_deg: Annotated[
        float | None,
        typer.Option(
            help="Field of view of the front camera across the longer side of its pictures, degrees.",
            min=10,
            max=150,
            show_default="65, usual for phones",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes to use.", min=1, show_default="one for each core"),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find the driver's face: its box, eyes, nose and mouth, and how the head is turned.

    Writes derived/faces.parquet. Run `dashgaze frames` before, and only pictures that an ego frame
    refers to are looked at. MTCNN needs torch and published weights, which come with
    `pip install --no-deps facenet-pytorch==2.6.0`. A run that was stopped goes on where it was. Many phones
    store the front camera's video as in a mirror: it is turned back where session.yaml says
    `driver_mirrored: true` under phone:, and the verdict says when it should. Exits
    with 3 if the verdict is doubtful, with 4 if it failed: no face, or nobody can tell who drives.

    Example: `dashgaze faces drives/session_07 --every 6`
    """
    from dashgaze.session import open_session
    from dashgaze.stages.faces import FacesOptions, faces, read_faces_summary

    opened = open_session(session)
    with progress_bar(quiet=quiet) as progress:
        path = faces(
            opened,
            FacesOptions(
                detector=detector,
                mtcnn_weights=mtcnn_weights,
                every=every,
                side=side,
                fov_deg=fov_deg,
            ),
            workers=workers or core_count(),
            force=force,
            progress=progress,
        )
    summary = read_faces_summary(opened.derived)
    if as_json:
        print_json({"path": str(path)} | summary)
    else:
        _print_summary(summary)
        typer.echo(f"  written to {path}")
    raise typer.Exit(VERDICT_CODES[summary["verdict"]])


def _print_summary(summary: dict[str, Any]) -> None:
    print_verdict(summary["verdict"], summary["reasons"])
    typer.echo(
        f"  looked at  {summary['frame_count']} of {summary['video_frame_count']} pictures with "
        f"{summary['detector']}; people seen: {summary['people']}"
    )
    if summary["face_share"] is not None:
        typer.echo(
            f"  driver     face in {summary['face_share']:.1%} of them, pose of the head in "
            f"{summary['pose_share']:.1%}; doubtful {summary['doubtful_share']:.1%}; "
            f"only others {summary['others_only_share']:.1%}"
        )
    if summary["median_face_px"] is not None:
        typer.echo(f"  face       {summary['median_face_px']:.0f} px in the median picture")
