"""Where things lie in the folder of a run."""

from pathlib import Path

from pydantic import ValidationError

from dashgaze.errors import InputError

from ..contract.checkpoint import CHECKPOINT_SCHEMA, CONFIG_NAME, WEIGHTS_NAME, CheckpointConfig

CHECKPOINT_FOLDER = "checkpoint"
RUN_NAME = "run.json"


def find_checkpoint(folder: Path) -> Path:
    """Give the folder of a checkpoint: itself, or the one in a run's folder.

    Raises
    ------
    InputError
        If there is none.
    """
    for each in (folder, folder / CHECKPOINT_FOLDER):
        if (each / CONFIG_NAME).is_file() or (each / WEIGHTS_NAME).is_file():
            return each
    raise InputError(
        f"{folder} is no checkpoint: it has no {CONFIG_NAME} and no {WEIGHTS_NAME}.",
        fix="Give the folder that `dashgaze train` wrote.",
        path=folder,
    )


def read_config(folder: Path) -> CheckpointConfig:
    """Read ``config.json`` of a checkpoint or a run.

    Raises
    ------
    InputError
        If there is none, or it is of another form.
    """
    path = find_checkpoint(folder) / CONFIG_NAME
    try:
        return CheckpointConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.",
            fix="Copy the checkpoint again.",
            path=path,
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        raise InputError(
            f"{path} is not the configuration of a checkpoint of this version ({CHECKPOINT_SCHEMA}): "
            f"{where or 'the file'}: {first['msg']}.",
            fix="Train it again with this version of dashgaze.",
            path=path,
        ) from error
