"""What can be chosen of a training."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..adaptation.options import PretextOptions
from ..feeding.augmentation import AugmentOptions

RUNTIME = frozenset(
    {
        "device",
        "workers",
        "prefetch",
        "cache",
        "log_every_steps",
        "state_every_minutes",
        "state_every_steps",
        "tensorboard",
    }
)
"""Options that may differ when a training is resumed: they don't change what is learned."""


class TrainOptions(BaseModel):
    """Options of `train`; the defaults are the project's (reference A23), as the paper gives none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    model: str = Field(default="dashgazenet", description="Name in the registry of networks.")
    size: str | None = Field(default=None, description="Size that the network is known by.")
    network: dict[str, Any] = Field(
        default_factory=dict, description="Further options of the network."
    )
    pretrained: str = Field(
        default="none", description="First weights of the trunks: `none`, `imagenet`, or a file."
    )
    seed: int = Field(default=0, ge=0, description="Same seed, same weights on a CPU.")

    epochs: int = Field(default=30, ge=1, description="Times that all frames are seen.")
    steps: int | None = Field(default=None, ge=1, description="Steps in place of epochs.")
    batch_size: int = Field(default=64, ge=1, description="Frames a step, over all processes.")
    learning_rate: float = Field(default=1e-4, gt=0, description="Greatest, of AdamW.")
    weight_decay: float = Field(default=1e-2, ge=0, description="Of AdamW, on weight matrices.")
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine", description="How the rate goes on after warm-up."
    )
    warmup_share: float = Field(
        default=0.05, ge=0, lt=1, description="Share of all steps in which the rate rises."
    )
    gradient_clip: float | None = Field(
        default=1.0, gt=0, description="Greatest norm of all gradients together; null: any."
    )
    ema: float | None = Field(
        default=None, gt=0, lt=1, description="Decay of the running mean of weights; null: none."
    )
    angle_weight: float | None = Field(
        default=None, ge=0, description="λ of equation 12.4; null: the network's own."
    )
    pretext_weight: float | None = Field(
        default=None,
        ge=0,
        description="Weight of the session-supervised loss (equation 12.8); 0: none. Null: 1 for networks "
        "with branches for eyes and landmarks, none for others.",
    )
    pretext: PretextOptions = Field(
        default_factory=PretextOptions, description="The session-supervised task."
    )

    train_sessions: tuple[str, ...] | None = Field(
        default=None, description="Sessions to learn from; null: those of split train."
    )
    validation_sessions: tuple[str, ...] | None = Field(
        default=None, description="Sessions to choose by; null: those of split validation."
    )
    exclude_drivers: tuple[str, ...] = Field(
        default=(), description="Drivers that are kept out of both."
    )
    hz: float | None = Field(
        default=5.0, gt=0, description="Frames a second that are learned from; null: all."
    )
    out_of_view: bool = Field(
        default=False, description="Learn locations beyond the road picture, too."
    )
    no_face: bool = Field(default=False, description="Learn from frames without a face, too.")
    augmentation: AugmentOptions | None = Field(
        default_factory=AugmentOptions, description="How pictures are changed; null: not at all."
    )

    validate_every_epochs: float = Field(
        default=1.0, gt=0, description="Epochs between two looks at the validation sessions."
    )
    patience: int | None = Field(
        default=10, ge=1, description="Looks without a better one before it stops; null: never."
    )

    precision: Literal["no", "bf16", "fp16"] = Field(
        default="no", description="Mixed precision of forward and backward."
    )
    device: Literal["auto", "cpu"] = Field(
        default="auto", description="`cpu` even where there is a GPU."
    )
    workers: int = Field(default=2, ge=0, description="Threads that decode pictures.")
    prefetch: int = Field(default=2, ge=1, description="Batches that each makes ahead.")
    cache: Path | None = Field(
        default=None, description="Folder in which decoded pictures are kept; null: none."
    )
    log_every_steps: int = Field(default=20, ge=1, description="Steps between two lines.")
    state_every_minutes: float = Field(
        default=10.0, gt=0, description="Most time that is lost when a training is killed."
    )
    state_every_steps: int | None = Field(
        default=None, ge=1, description="The same in steps; null: only by time."
    )
    keep_heads: bool = Field(
        default=True, description="Write the session heads beside the checkpoint."
    )
    tensorboard: bool = Field(default=False, description="Write events for TensorBoard, too.")

    @model_validator(mode="after")
    def _disjoint(self) -> "TrainOptions":
        both = set(self.train_sessions or ()) & set(self.validation_sessions or ())
        if both:
            raise ValueError(f"{min(both)} is to be learned from and to choose by")
        return self

    def learned(self) -> dict[str, Any]:
        """Give what decides on the weights, as plain values: all but `RUNTIME`."""
        return self.model_dump(mode="json", exclude=set(RUNTIME))
