"""One story for all tests of stories."""

import pytest

from dashgaze.collection.simulation.story import Conditions, Story, plan_story

SECONDS = 240.0


@pytest.fixture(scope="session")
def story() -> Story:
    return plan_story(11, Conditions(traffic="heavy"), SECONDS)
