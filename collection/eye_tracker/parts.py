"""The numbered part files of a native recording."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from .notes import NoteBook, counted
from .untrusted import MAX_BINARY_BYTES, check_size, is_file, list_folder

# As the vendor writes and matches them: "PI world v1 ps12.time".
_PART_NAME = re.compile(r"(?P<prefix>.+) ps(?P<number>[0-9]+)\.(?P<extension>.*)")


class PartFiles:
    """Files ``<prefix> ps<N>.<extension>`` of a folder.

    A new part begins each time that a sensor connects. Parts of different sensors therefore do not
    correspond, and numbers may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts: dict[tuple[str, str], dict[int, Path]] = {}
        for path in list_folder(folder):
            match = _PART_NAME.fullmatch(path.name)
            if match and is_file(path):
                files = self._parts.setdefault((match["prefix"], match["extension"]), {})
                files.setdefault(int(match["number"]), path)

    def files(self, prefix: str, extension: str) -> Mapping[int, Path]:
        """Give part number → file for one prefix and extension."""
        return self._parts.get((prefix, extension), {})

    def numbers(self, prefix: str, extensions: Iterable[str]) -> list[int]:
        """List all part numbers for which one of the extensions exists, in numeric order."""
        return sorted({n for extension in extensions for n in self.files(prefix, extension)})

    def paired(
        self, prefix: str, extensions: tuple[str, str], notes: NoteBook
    ) -> list[tuple[int, Path, Path]]:
        """List the parts of a stream that have both of two files, with their numbers.

        Parts with one file of the two, unless it is empty, and numbers left out are noted.
        """
        first, second = (self.files(prefix, extension) for extension in extensions)
        numbers = self.numbers(prefix, extensions)
        note_missing_numbers(prefix, numbers, notes)
        both = []
        for number in numbers:
            if number in first and number in second:
                both.append((number, first[number], second[number]))
                continue
            alone = first.get(number) or second[number]
            lacking = extensions[1] if number in first else extensions[0]
            if check_size(alone, MAX_BINARY_BYTES):
                notes.add(
                    "PART-INCOMPLETE",
                    f"{alone.name} has no .{lacking} file beside it; this part is left out.",
                )
        return both


def note_missing_numbers(prefix: str, numbers: list[int], notes: NoteBook) -> None:
    """Note gaps in part numbers, which start at 1."""
    if not numbers:
        return
    missing_count = numbers[-1] - len([number for number in numbers if number > 0])
    if missing_count > 0:
        have = ", ".join(map(str, numbers[:20])) + (", …" if len(numbers) > 20 else "")
        notes.add(
            "PARTS-MISSING",
            f"{prefix}: {counted(missing_count, 'part number')} up to {numbers[-1]} "
            f"do not exist (there are {have}); normal when the sensor failed to start.",
        )
