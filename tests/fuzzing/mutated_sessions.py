"""Copies of a session folder, each damaged in one way: what cards, cables, editors and people do to a drive.

The same seed makes the same copies. What is not damaged is linked, not copied, and nothing is ever written through a
link: the session that they are made of stays as it is.
"""

import json
import os
import random
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from mutated_files import Expected, Mutation, any_file
from mutated_manifests import manifests, names
from mutated_recordings import trackers, tracks, videos
from mutated_results import results

INDEX_NAME = "mutations.json"


@dataclass(frozen=True, kw_only=True)
class Mutated:
    """A damaged copy: its folder, which mutation, what was done, and what is expected."""

    folder: str
    name: str
    done: str
    expects: Expected


def mutate_sessions(session: Path, out: Path, *, count: int, seed: int = 1) -> list[Mutated]:
    """Make damaged copies of a session; each mutation once, then again with other details.

    Parameters
    ----------
    session
        The whole session; read only.
    out
        A new folder for ``000_name``, ``001_name`` and so on, and ``mutations.json``.
    count
        How many.
    seed
        Decides on all details.
    """
    out.mkdir(parents=True)
    made: list[Mutated] = []
    ways = mutations()
    number = 0
    while len(made) < count and number < 3 * count + len(ways):
        way = ways[number % len(ways)]
        rng = random.Random(f"{seed}:{way.name}:{number // len(ways)}")
        number += 1
        folder = out / f"{len(made):03d}_{way.name.replace(' ', '_')}"
        link_session(session, folder)
        try:
            done = way.change(folder, rng)
        except LookupError:
            shutil.rmtree(folder)
            continue
        made.append(Mutated(folder=folder.name, name=way.name, done=done, expects=way.expects))
    content = {"session": session.name, "seed": seed, "sessions": [asdict(each) for each in made]}
    (out / INDEX_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return made


def link_session(session: Path, folder: Path) -> None:
    """Copy a session by hard links, or by copies where the two lie on different disks."""
    folder.mkdir()
    for path in sorted(session.rglob("*")):
        place = folder / path.relative_to(session)
        if path.is_dir():
            place.mkdir()
            continue
        try:
            os.link(path, place)
        except OSError:
            shutil.copy2(path, place)


def mutations() -> list[Mutation]:
    """Give all ways, in an order that mixes the kinds, so that the first of them are of every kind."""
    ways = [
        *any_file(),
        *videos(),
        *trackers(),
        *manifests(),
        *tracks(),
        *names(),
        *results(),
    ]
    titles = [way.name for way in ways]
    if len(set(titles)) != len(titles):
        raise ValueError("two mutations have one name")
    random.Random(0).shuffle(ways)
    return ways
