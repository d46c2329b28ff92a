"""What rings, and what does not."""

import pytest

from dashgaze.collection.field.device import Health
from dashgaze.collection.record.alerts import Alerts, alerts_of
from dashgaze.collection.record.host_clock import HostClock
from dashgaze.collection.record.watch import HealthWatch


async def _never(role):
    raise NotImplementedError


def watch_after(**health) -> HealthWatch:
    watch = HealthWatch(_never, ["phone"], HostClock())
    watch.saw("phone", Health(host_ns=0, reachable=True, recording=True, **health))
    return watch


def codes_of(watch: HealthWatch) -> list[str]:
    return [alert.code for alert in alerts_of(watch, ["phone"], {})]


def test_a_dead_camera_beside_a_live_one_is_told():
    watch = watch_after(growing=True, rates_hz={"road": 30.0, "driver": 0.0})
    (alert,) = alerts_of(watch, ["phone"], {})
    assert alert.code == "phone.stream"
    assert alert.text.startswith("PHONE sends nothing of driver.")


@pytest.mark.parametrize("rates_hz", [{}, {"road": 30.0, "driver": 14.0}])
def test_streams_that_run_or_are_not_known_are_not(rates_hz):
    assert codes_of(watch_after(growing=True, rates_hz=rates_hz)) == []


def test_a_lamp_that_is_out_says_it_all():
    watch = watch_after(growing=False, rates_hz={"road": 0.0, "driver": 0.0})
    assert codes_of(watch) == ["phone.lamp"]


def test_a_stream_that_is_silent_for_a_moment_does_not_ring():
    found = alerts_of(watch_after(growing=True, rates_hz={"driver": 0.0}), ["phone"], {})
    alerts = Alerts()
    assert alerts.update(0.0, found) == ()
    assert alerts.update(2.0, []) == ()
    assert alerts.update(4.0, found) == ()
    assert [alert.code for alert in alerts.update(7.5, found)] == ["phone.stream"]
