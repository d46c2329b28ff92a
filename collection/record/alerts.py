"""What the observer has to be told at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..field.device import Role
from .watch import HealthWatch, Lamp, Sight

LEAST_GAZE_VALID = 0.5
LEAST_STORAGE_MINUTES = 10.0
LEAST_BATTERY_PERCENT = 15.0
HOT_C = 43.0
UNREACHABLE_S = 10.0

# A share over ten seconds that is low for a moment is low for ten seconds; this only keeps it calm.
_HOLD_S = 3.0
# What comes back sooner than this does not ring again.
_QUIET_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something that is wrong.

    Attributes
    ----------
    code
        Stable name, such as ``tracker.lamp``.
    text
        What is, and what to do.
    """

    code: str
    text: str


class Alerts:
    """Knows what is wrong, and what of it is new."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}
        self._last_s: dict[str, float] = {}
        self.active: tuple[Alert, ...] = ()

    def update(self, now_s: float, found: Iterable[Alert]) -> tuple[Alert, ...]:
        """Take in what is wrong now; gives what has to ring.

        Parameters
        ----------
        now_s
            Monotonic time, s.
        found
            All that is wrong, as `alerts_of` finds it.
        """
        new, active = [], []
        alerts = {alert.code: alert for alert in found}
        self._since_s = {c: self._since_s.get(c, now_s) for c in alerts}
        for code, alert in alerts.items():
            if now_s - self._since_s[code] < _hold_s(code):
                continue
            active.append(alert)
            if now_s - self._last_s.get(code, -_QUIET_S) >= _QUIET_S:
                new.append(alert)
            self._last_s[code] = now_s
        self.active = tuple(active)
        return tuple(new)


def _hold_s(code: str) -> float:
    return _HOLD_S if code.endswith((".gaze", ".stream")) else 0.0


def alerts_of(
    watch: HealthWatch, recording: Iterable[Role], problems: Mapping[str, str]
) -> list[Alert]:
    """Find all that is wrong at a moment.

    Parameters
    ----------
    watch
        What was last seen.
    recording
        The devices that should record.
    problems
        What else is wrong, by code: a full disk, a recording that ended by itself.
    """
    found = [Alert(code=code, text=text) for code, text in problems.items()]
    for role in recording:
        sight, lamp = watch.sights[role], watch.lamp(role)
        away_s = watch.unreachable_s(role)
        if away_s > UNREACHABLE_S:
            found.append(
                Alert(
                    code=f"{role}.unreachable",
                    text=f"{role.upper()} not reachable for {away_s:.0f} s. It most likely records on; "
                    "check cable and network when the car stands.",
                )
            )
        found += _lamp_out(role, sight, lamp)
        if lamp == "on":
            found += _stream_out(role, sight)
        found += _health(role, sight)
    return found


def _lamp_out(role: Role, sight: Sight, lamp: Lamp) -> list[Alert]:
    # A lamp that was never lit is out too, once there were answers; one that is gone is told above.
    if lamp != "off":
        return []
    text = f"{role.upper()} does not grow: its recording may have stopped. Look at it at the next stop."
    return [Alert(code=f"{role}.lamp", text=text)]


def _stream_out(role: Role, sight: Sight) -> list[Alert]:
    """Tell of a camera that is dead beside one that lives: the files of the device still grow."""
    if sight.health is None:
        return []
    silent = sorted(name for name, rate_hz in sight.health.rates_hz.items() if rate_hz == 0)
    if not silent:
        return []
    text = f"{role.upper()} sends nothing of {' and '.join(silent)}. Look at it at the next stop."
    return [Alert(code=f"{role}.stream", text=text)]


def _health(role: Role, sight: Sight) -> list[Alert]:
    health = sight.health
    if health is None or not health.reachable:
        return []
    found = []
    name = role.upper()
    valid = health.gaze_valid_share
    if valid is not None and valid < LEAST_GAZE_VALID:
        found.append(("gaze", f"GAZE {valid:.0%} valid: are the glasses worn and plugged in?"))
    left = health.storage_minutes
    if left is not None and left < LEAST_STORAGE_MINUTES:
        found.append(
            ("storage", f"{name} has space for {left:.0f} min only: end the drive in time.")
        )
    battery = health.battery_percent
    if battery is not None and battery < LEAST_BATTERY_PERCENT:
        found.append(("battery", f"{name} battery {battery:.0f} %: charge it or end the drive."))
    warm = health.temperature_c
    if warm is not None and warm >= HOT_C:
        found.append(("hot", f"{name} is hot, {warm:.0f} °C: cool air on it, no charging, no sun."))
    return [Alert(code=f"{role}.{code}", text=text) for code, text in found]
