"""Choices and configurations."""

import numpy as np
import pytest

from dashgaze.models.compression.lasso_choice import LayerChoice
from dashgaze.models.contract.checkpoint import CheckpointConfig


@pytest.fixture
def make_choice():
    def make(kept: np.ndarray, strengths: np.ndarray) -> LayerChoice:
        return LayerChoice(kept=kept, strengths=strengths, filters=8, dead=0, curve=())

    return make


@pytest.fixture
def checkpoint_config():
    def make(network, sessions: tuple[str, ...] = ("session_001",)) -> CheckpointConfig:
        return CheckpointConfig(
            model=network.name,
            options=network.options,
            training={},
            data_digest="0" * 64,
            data_title="Test",
            train_sessions=sessions,
            train_drivers=("driver_01",),
            step=1,
        )

    return make
