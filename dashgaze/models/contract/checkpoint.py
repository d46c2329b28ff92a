"""What a trained model leaves, so that it can be used and judged later."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

CHECKPOINT_SCHEMA: Literal["dashgaze/checkpoint/1"] = "dashgaze/checkpoint/1"
CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"


class CheckpointConfig(BaseModel):
    """``config.json`` beside ``model.safetensors``.

    A folder with both is a checkpoint. Weights of training only (session heads) are not in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())

    schema_id: Literal["dashgaze/checkpoint/1"] = Field(default=CHECKPOINT_SCHEMA)
    model: str = Field(description="Name in the registry of networks.")
    options: dict[str, Any] = Field(description="What the network is built with.")
    training: dict[str, Any] = Field(
        description="Options of the training, the pretext task included."
    )
    data_digest: str = Field(
        description="Of the packed data set: SHA-256 of its checksums, papers left out."
    )
    data_title: str = Field(description="What the data set calls itself, and its version.")
    train_sessions: tuple[str, ...] = Field(description="Sessions that weights were learned from.")
    train_drivers: tuple[str, ...] = Field(description="Their drivers.")
    validation_sessions: tuple[str, ...] = Field(
        default=(), description="Sessions that the best step was chosen by."
    )
    validation_drivers: tuple[str, ...] = Field(default=(), description="Their drivers.")
    pretrained: dict[str, str] = Field(
        default_factory=dict, description="Where first weights came from, and their SHA-256."
    )
    versions: dict[str, str] = Field(default_factory=dict, description="Of the packages used.")
    step: int = Field(ge=0, description="Steps of the optimiser behind the weights.")
    validation_error_px: float | None = Field(
        default=None, description="Mean over validation sessions of their mean Euclidean error."
    )
    notes: tuple[str, ...] = Field(default=(), description="What a user should know of it.")
