"""How many cores a command uses."""

import os

import pytest

from dashgaze.cli.cores import core_count


def test_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    assert core_count() == 3


@pytest.mark.parametrize(("there", "count"), [(6, 6), (None, 1)])
def test_all_of_them_where_the_system_does_not_say(monkeypatch, there, count):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: there)
    assert core_count() == count
