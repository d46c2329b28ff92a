"""Options of the stages for a whole run, from a file that a user wrote."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from dashgaze.errors import InputError
from dashgaze.schemas.manifest import StrictLoader

from .stage import Stage
from .stage_list import STAGES

_MAX_BYTES = 64 << 10


@dataclasses.dataclass(frozen=True)
class Settings:
    """Options of the stages, each under the stage's name; only what is said here changes anything.

    What is not mentioned stays what it was when the stage ran before, and is the stage's usual value where
    it never ran: options that someone chose by hand for one drive outlive a run over all of them.

    Attributes
    ----------
    given
        The options that a user has chosen, by stage and name.
    """

    given: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)

    def of(self, stage: str) -> dict[str, Any]:
        """Give the options chosen for a stage, by name."""
        return dict(self.given.get(stage, {}))


def read_settings(path: Path) -> Settings:
    """Read options of the stages from a YAML file.

    It looks like this::

        align: {max_error_deg: 0.5}
        faces: {every: 3, side: left}

    Raises
    ------
    InputError
        If it can't be read, or says something else; the message names every fault.
    """
    content = _load(path)
    faults: list[str] = []
    given: dict[str, dict[str, Any]] = {}
    for name, chosen in content.items():
        stage = STAGES.get(str(name))
        if stage is None:
            faults.append(f"there is no stage {name!r} (there are {', '.join(STAGES)})")
        elif not isinstance(chosen, dict):
            faults.append(f"{name} is not followed by options such as {{{_example(stage)}}}")
        else:
            given[stage.name] = _checked(stage, chosen, faults)
    if faults:
        raise InputError(
            f"{path} says what no stage takes: {'; '.join(faults)}.", fix="Mend it.", path=path
        )
    return Settings(given=given)


def _load(path: Path) -> dict[Any, Any]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(
                f"{path} is larger than 64 KiB; options of the stages are a few lines.",
                fix="Give the file with the options.",
                path=path,
            )
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=StrictLoader)
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check the path.", path=path
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is no YAML text: {error}.", fix="Mend it.", path=path) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError(
            f"{path} holds {type(content).__name__}, not stages with their options.",
            fix="Write lines such as `align: {max_error_deg: 0.5}`.",
            path=path,
        )
    return content


def _checked(stage: Stage, chosen: dict[Any, Any], faults: list[str]) -> dict[str, Any]:
    hints = get_type_hints(stage.options_class())
    good: dict[str, Any] = {}
    for name, value in chosen.items():
        if name not in hints:
            faults.append(f"{stage.name} has no option {name!r} (it has {', '.join(hints)})")
            continue
        try:
            good[name] = TypeAdapter(hints[name]).validate_python(value)
        except ValidationError as error:
            faults.append(f"{stage.name}.{name}: {error.errors()[0]['msg']}, not {value!r}")
    try:
        stage.options_class()(**good)
    except ValueError as error:
        faults.append(f"{stage.name}: {error}")
    return good


def _example(stage: Stage) -> str:
    first = dataclasses.fields(stage.options_class())[0]
    return f"{first.name}: …"
