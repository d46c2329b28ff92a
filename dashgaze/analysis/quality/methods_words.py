"""Words of ``methods.md``: amounts with their intervals, and what is still to be told."""

from ..contract.finding import Finding


def todo(what: str) -> str:
    """Give a line that asks for something."""
    return f"**TODO:** {what.rstrip('.')}."


def unknown_or(name: str, value: str | None, what: str) -> str:
    """Give what is known under its name, or a line that asks for it."""
    return f"{name}: {value.strip().rstrip('.')}." if value and value.strip() else todo(what)


def counted(number: int, word: str) -> str:
    """Give a number with its noun, such as ``1 driver`` and ``2 drivers``."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def amount(finding: Finding) -> str:
    """Give a finding's estimate as text, with interval and range over sessions where there are such."""
    estimate = finding.estimate
    if estimate is None or estimate.value is None:
        return "unknown"
    factor, unit = (100.0, "%") if estimate.unit == "share" else (1.0, estimate.unit)
    text = f"{estimate.value * factor:.3g} {unit}".rstrip()
    if estimate.low is not None and estimate.high is not None:
        text += f" ({100 * estimate.level:.0f} % interval {estimate.low * factor:.3g} to {estimate.high * factor:.3g}"
    else:
        text += " (descriptive"
    text += f", {counted(estimate.sessions, 'session')}, {counted(estimate.drivers, 'driver')})"
    extremes = [
        each.value * factor
        for name, each in finding.details
        if name in ("lowest session", "highest session") and each.value is not None
    ]
    if len(extremes) == 2 and estimate.sessions > 1:
        text += f"; sessions from {extremes[0]:.3g} to {extremes[1]:.3g}"
    return text
