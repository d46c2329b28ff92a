"""The head of a data set's card: what ``README.md`` tells the `datasets` library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError

CARD_NAME = "README.md"
_PACK_AGAIN = "Pack the data set again, or put back the README.md that came with it."


@dataclass(frozen=True, kw_only=True)
class Card:
    """What stands between the two lines of dashes at the top of a card.

    Attributes
    ----------
    path
        The file.
    head
        All of it.
    configs
        The configurations, in order.
    """

    path: Path
    head: Mapping[str, Any]
    configs: tuple[Mapping[str, Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the configurations, in order."""
        return tuple(str(config.get("config_name")) for config in self.configs)

    def config(self, name: str) -> Mapping[str, Any] | None:
        """Give one configuration; None if there is none of that name."""
        return next((each for each in self.configs if each.get("config_name") == name), None)


def data_files(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the paths and patterns of a configuration's files, by split; paths from the data set."""
    files: dict[str, list[str]] = {}
    for each in config.get("data_files") or ():
        if isinstance(each, Mapping) and "split" in each and "path" in each:
            paths = each["path"]
            given = [paths] if isinstance(paths, str) else list(paths)
            files.setdefault(str(each["split"]), []).extend(str(path) for path in given)
    return files


def read_card(folder: Path) -> Card:
    """Read the card of a packed data set.

    Raises
    ------
    InputError
        If there is no README.md, or it has no head with configurations.
    """
    import yaml

    from dashgaze.schemas.manifest import StrictLoader

    path = folder / CARD_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} has no {CARD_NAME}; nothing tells what its files are.",
            fix=_PACK_AGAIN,
            path=path,
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {error}.", fix=_PACK_AGAIN, path=path) from error
    lines = text.split("\n")
    if lines[0].strip() != "---" or "---" not in (line.strip() for line in lines[1:]):
        raise InputError(
            f"{path} does not start with a head between two lines of dashes.",
            fix=_PACK_AGAIN,
            path=path,
        )
    end = next(number for number, line in enumerate(lines[1:], 1) if line.strip() == "---")
    try:
        head = yaml.load("\n".join(lines[1:end]), Loader=StrictLoader)
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise InputError(f"The head of {path} is no YAML: {error}", fix=_PACK_AGAIN) from error
    configs = head.get("configs") if isinstance(head, dict) else None
    if not isinstance(configs, list) or not all(isinstance(each, dict) for each in configs):
        raise InputError(f"The head of {path} has no `configs`.", fix=_PACK_AGAIN, path=path)
    return Card(path=path, head=head, configs=tuple(configs))
