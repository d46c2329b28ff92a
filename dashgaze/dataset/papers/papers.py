"""The papers of a data set, written from its manifest, its tables and what people told."""

from pathlib import Path

from dashgaze.files import write_text
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.about import About
from dashgaze.schemas.dataset_manifest import DatasetManifest

from .card import write_card
from .citation import citation_cff
from .croissant import write_croissant
from .datasheet import write_datasheet
from .facts import Facts
from .figures import draw_figures
from .frame_tally import tally_frames
from .legal import write_agreement, write_licence
from .session_tally import tally_sessions


def write_papers(
    folder: Path, manifest: DatasetManifest, about: About, *, progress: Progress = silent
) -> list[Path]:
    """Write card, datasheet, croissant, licence, agreement, citation and figures of a data set.

    Tables are read shard by shard, only the columns that are counted. The same tables and answers give
    the same bytes.

    Parameters
    ----------
    folder
        The data set's folder; its shards and videos lie there already.
    manifest
        Lists these files; what it says of papers is not looked at.
    about
        What only people know; gaps stay visible.
    progress
        Told how far it is.

    Returns
    -------
    list of Path
        What was written, sorted.

    Raises
    ------
    InputError
        If a shard is missing, can't be read or lacks a column.
    OutputError
        If the folder can't be written.
    """
    progress("counting sessions", 0.0)
    sessions = tally_sessions(folder, manifest)
    frames = tally_frames(
        folder, manifest, sessions.road_size_px, progress=part_of(progress, 0.0, 0.6)
    )
    figures = draw_figures(folder, sessions, frames, progress=part_of(progress, 0.6, 0.9))
    facts = Facts(manifest=manifest, about=about, sessions=sessions, frames=frames, figures=figures)
    texts = {
        "README.md": write_card(facts),
        "DATASHEET.md": write_datasheet(facts),
        "croissant.json": write_croissant(folder, facts),
        "LICENSE": write_licence(facts),
        "DUA.md": write_agreement(facts),
        "CITATION.cff": citation_cff(facts),
    }
    written = [write_text(folder / name, text) for name, text in texts.items()]
    written += [folder / figure.path for figure in figures]
    progress("papers written", 1.0)
    return sorted(written)
