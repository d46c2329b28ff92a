"""Worlds for all tests of scenes: they take seconds to paint."""

from collections.abc import Callable
from functools import cache

import pytest

from dashgaze.collection.simulation.scene.world import World
from dashgaze.collection.simulation.story import Conditions, Story, plan_story

Painted = Callable[..., tuple[Story, World]]


@pytest.fixture(scope="session")
def painted() -> Painted:
    """Give a story and its world by seed and conditions; the same ones are painted once."""

    @cache
    def make(seed: int = 5, **conditions: str) -> tuple[Story, World]:
        story = plan_story(seed, Conditions(**conditions), 20.0)
        return story, World(story)

    return make
