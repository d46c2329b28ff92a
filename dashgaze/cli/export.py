"""``dashgaze export``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.dataset.exchange.hub_plan import HubPlan


def export_command(
    dataset: Annotated[
        Path, typer.Argument(help="Folder that `dashgaze pack` wrote.", show_default=False)
    ],
    bids: Annotated[
        Path | None,
        typer.Option("--bids", metavar="OUT", help="New folder: gaze as eye tracking in BIDS."),
    ] = None,
    hub: Annotated[
        str | None,
        typer.Option(
            "--hub", metavar="ORG/NAME", help="Publish on the Hugging Face Hub; private at first."
        ),
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(
            help="With --bids: only this session; may be given often.", show_default=False
        ),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="With --hub: everybody sees it.", show_default=False)
    ] = False,
    gated: Annotated[
        bool,
        typer.Option(
            "--gated", help="With --hub: you let in each user by hand.", show_default=False
        ),
    ] = False,
    people_may_be_seen: Annotated[
        bool,
        typer.Option(
            "--people-may-be-seen",
            help="With --public: faces and streets as recorded too; those seen agreed.",
            show_default=False,
        ),
    ] = False,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget",
            help="With --hub: remove history and older versions there, after a withdrawal.",
            show_default=False,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="With --hub: list what would change.", show_default=False),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Hand a packed data set on: as BIDS for neuroscience tools, or on the Hugging Face Hub.

    `--bids` writes gaze, fixations and blinks, no pictures. `--hub` validates the data set, then sends
    what its manifest lists, as one commit with the version as its tag; what is no longer part of the data
    set vanishes there. Log in with `hf auth login` first.

    Examples: `dashgaze export out/dashgaze --bids out/bids`,
    `dashgaze export out/dashgaze --hub my-lab/dashgaze --dry-run`
    """
    if (bids is None) == (hub is None):
        raise typer.BadParameter("give either --bids OUT or --hub ORG/NAME")
    for name, given, needed in (
        ("--session", session, bids),
        ("--public", public, hub),
        ("--gated", gated, hub),
        ("--people-may-be-seen", people_may_be_seen, hub),
        ("--forget", forget, hub),
        ("--dry-run", dry_run, hub),
    ):
        if given and needed is None:
            raise typer.BadParameter(f"{name} does not belong to this kind of export")
    if bids is not None:
        _export_bids(dataset, bids, session, as_json=as_json, quiet=quiet)
        return
    from dashgaze.dataset.exchange.hub import export_hub, plan_hub_export

    name = hub or ""
    url: str | None = None
    with progress_bar(quiet=quiet) as progress:
        if dry_run:
            plan = plan_hub_export(dataset, name, progress=progress)
            notes = [*plan.notes, *([plan.history] if plan.history else [])]
        else:
            done = export_hub(
                dataset,
                name,
                private=not public,
                gated=gated,
                people_public=people_may_be_seen,
                forget=forget,
                check=partial(_refuse_unsound, public=public),
                progress=progress,
            )
            plan, url, notes = done.plan, done.url, list(done.notes)
    if as_json:
        print_json(_as_object(plan, url, notes))
        return
    _print_plan(plan, notes, dry_run=dry_run)
    if url is not None:
        typer.echo(f"{url}\n  load_dataset({name!r}, revision={plan.tag!r})")


def _export_bids(
    dataset: Path, out: Path, sessions: list[str] | None, *, as_json: bool, quiet: bool
) -> None:
    from dashgaze.dataset.exchange.bids import export_bids

    with progress_bar(quiet=quiet) as progress:
        path = export_bids(dataset, out, sessions=sessions, progress=progress)
    subjects = sorted(entry.name for entry in path.iterdir() if entry.name.startswith("sub-"))
    drives = sum(1 for _ in path.glob("sub-*/ses-*"))
    if as_json:
        print_json({"path": str(path), "subjects": subjects, "sessions": drives})
        return
    typer.echo(
        f"{drives} session{'' if drives == 1 else 's'} of {len(subjects)} "
        f"participant{'' if len(subjects) == 1 else 's'} in {path}"
    )
    typer.echo(f"  check it: bids-validator-deno {path}")


def _refuse_unsound(dataset: Path, *, public: bool) -> None:
    from dashgaze.dataset.reading.validate import validate
    from dashgaze.errors import InputError

    report = validate(dataset, release=public)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if not errors:
        return
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors, first"
    raise InputError(
        f"{dataset} is not fit to be published: {count}: {errors[0].file} {errors[0].message}",
        fix=f"See all: dashgaze validate {dataset}{' --release' if public else ''}",
        path=dataset,
    )


def _print_plan(plan: "HubPlan", notes: list[str], *, dry_run: bool) -> None:
    state = "new" if not plan.exists else "public" if plan.public else "private"
    typer.echo(
        f"{plan.repo_id} ({state}), version {plan.tag}: "
        f"{len(plan.send)} files to send ({plan.send_bytes / 1e6:.1f} MB), "
        f"{len(plan.same)} there already, {len(plan.remove)} to delete"
        if dry_run
        else f"{plan.repo_id}, version {plan.tag}: {len(plan.send)} files sent "
        f"({plan.send_bytes / 1e6:.1f} MB), {len(plan.same)} there already, "
        f"{len(plan.remove)} deleted"
    )
    if dry_run:
        for mark, names in (("+", plan.send), ("-", plan.remove)):
            for name in names:
                typer.echo(f"  {mark} {name}")
        if plan.tagged == "other":
            typer.echo(
                f"  note: version {plan.tag} is there already, with other content; "
                "pack with a higher version"
            )
    for note in notes:
        typer.echo(f"  note: {note}")


def _as_object(plan: "HubPlan", url: str | None, notes: list[str]) -> dict[str, object]:
    return {
        "repo_id": plan.repo_id,
        "url": url,
        "tag": plan.tag,
        "exists": plan.exists,
        "public": plan.public,
        "gated": plan.gated,
        "send": list(plan.send),
        "send_bytes": plan.send_bytes,
        "same": list(plan.same),
        "remove": list(plan.remove),
        "tagged": plan.tagged,
        "older": list(plan.older),
        "notes": notes,
    }
