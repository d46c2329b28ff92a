"""The observer's screen in plain lines, for pipes, logs and screen readers."""

import math

from .view import ChecksView, LiveView, StepView, View

_LIVE_EVERY_S = 10.0
_LEFT_EVERY_S = 10.0
_LAMPS = {
    "on": "records",
    "off": "DOES NOT GROW",
    "gone": "NOT REACHABLE",
    "unknown": "no data yet",
    "by_hand": "by hand",
}


class PlainScreen:
    """Makes lines of views: what is new, and the state of the drive now and then."""

    def __init__(self) -> None:
        self._live_s = -1e9
        self._before: tuple[object, ...] = ()
        self._said = 0
        self._last_line = ""

    def lines(self, view: View) -> list[str]:
        """Give the lines that a view adds; none if it says nothing new."""
        match view:
            case LiveView():
                return self._live(view)
            case ChecksView():
                return self._new((view.busy, view.checks, view.message), _checks_lines(view))
            case StepView():
                return self._step(view)

    def _new(self, what: tuple[object, ...], lines: list[str]) -> list[str]:
        if what == self._before:
            return []
        self._before = what
        return lines

    def _step(self, view: StepView) -> list[str]:
        lines = [f"FAILED: {view.step}" if view.failed else view.step]
        fresh = [line for line in view.lines if line != self._last_line]
        if self._last_line in view.lines:
            last = len(view.lines) - 1 - view.lines[::-1].index(self._last_line)
            fresh = list(view.lines[last + 1 :])
        left = None if view.left_s is None else math.ceil(view.left_s / _LEFT_EVERY_S)
        if view.left_s is not None:
            lines[-1] += f" {view.left_s:.0f} s"
        what = (view.step, view.lines, view.prompt, left)
        new = self._new(what, [*(f"  {x}" for x in fresh), *lines])
        if new and view.lines:
            self._last_line = view.lines[-1]
        if new and view.keys:
            new.append("  " + _keys_line(view.keys))
        return new

    def _live(self, view: LiveView) -> list[str]:
        what = (view.alerts, view.message, view.prompt, tuple(d.lamp for d in view.devices))
        due = view.elapsed_s - self._live_s >= _LIVE_EVERY_S
        new = what != self._before
        if not due and not new:
            return []
        lines = []
        if self._live_s < 0:
            lines.append(_keys_line(view.keys))
        if due or what[3:] != self._before[3:]:
            self._live_s = view.elapsed_s
            lines.append(_live_line(view))
        before = self._before[0] if self._before and isinstance(self._before[0], tuple) else ()
        lines += [f"ALERT: {alert}" for alert in view.alerts if alert not in before]
        if new:
            lines += [
                text for text in (view.message, view.prompt) if text and text not in self._before
            ]
        self._before = what
        return lines


def _live_line(view: LiveView) -> str:
    minutes, seconds = divmod(int(max(0.0, view.elapsed_s)), 60)
    parts = [f"{minutes:02d}:{seconds:02d}"]
    for device in view.devices:
        facts = [_LAMPS[device.lamp]]
        if device.battery_percent is not None:
            facts.append(f"battery {device.battery_percent:.0f} %")
        if device.storage_minutes is not None:
            facts.append(f"space {device.storage_minutes:.0f} min")
        parts.append(f"{device.role} {', '.join(facts)}")
    if view.gaze_valid_share is not None:
        parts.append(f"gaze {view.gaze_valid_share:.0%} valid")
    if view.speed_m_s is not None:
        parts.append(f"{view.speed_m_s * 3.6:.0f} km/h")
    if view.last_event:
        parts.append(f"last {view.last_event}")
    return " | ".join(parts)


def _checks_lines(view: ChecksView) -> list[str]:
    if view.busy:
        return ["Looking at everything …"]
    lines = []
    for check in view.checks:
        lines.append(f"{check.level:<6} {check.subject:<8} {check.what}")
        if check.fix:
            lines.append(f"{'':<15} -> {check.fix}")
    return [*lines, *([_keys_line(view.keys)] if view.keys else [])]


def _keys_line(keys: tuple[tuple[str, str], ...]) -> str:
    return "keys: " + ", ".join(f"{key} {label}" for key, label in keys)
