"""The observer's screen: views as lines of text that fill a terminal."""

import textwrap
from collections.abc import Sequence

from rich.console import Group
from rich.text import Text

from ..field.check import Check
from .big_digits import big_text
from .screen_theme import DAY, NIGHT, Theme
from .view import ChecksView, DeviceView, LiveView, StepView, View
from .watch import Lamp

LEAST_COLUMNS, LEAST_ROWS = 40, 12
_LARGE_COLUMNS, _LARGE_ROWS = 110, 34
_LAMPS: dict[Lamp, tuple[str, str]] = {
    "on": ("● {} RECORDS", "good"),
    "off": ("✖ {} DOES NOT GROW", "bad"),
    "gone": ("? {} NOT REACHABLE", "bad"),
    "unknown": ("? {} NO DATA YET", "amber"),
    "by_hand": ("✋ {} BY HAND: LOOK", "amber"),
}
_LEVELS = {"green": "✔", "amber": "!", "red": "✖"}
_LAMP_COLUMNS = 26


def render(view: View, columns: int, rows: int, *, night: bool = False) -> Group:
    """Draw a view so that it fills a terminal.

    Parameters
    ----------
    view
        What to show.
    columns, rows
        Size of the terminal, in characters.
    night
        Whether to draw it dark.

    Returns
    -------
    Group
        For a rich console.
    """
    theme = NIGHT if night else DAY
    columns, rows = max(columns, LEAST_COLUMNS), max(rows, LEAST_ROWS)
    match view:
        case LiveView():
            head, middle = _live(view, columns, rows, theme)
        case ChecksView():
            head, middle = _checks(view, columns, theme)
        case StepView():
            head, middle = _step(view, columns, theme)
    foot = _foot(view, columns, theme)
    space = rows - len(head) - len(foot)
    if len(middle) > space:
        middle = [*middle[: max(0, space - 1)], Text("  … more than fits", style=theme.amber)]
    middle += [Text("") for _ in range(space - len(middle))]
    lines = [*head, *middle, *foot][:rows]
    for line in lines:
        line.no_wrap, line.overflow = True, "crop"
        line.truncate(columns, overflow="ellipsis", pad=True)
        line.style = line.style or theme.base
    return Group(*lines)


def _live(view: LiveView, columns: int, rows: int, theme: Theme) -> tuple[list[Text], list[Text]]:
    large = columns >= _LARGE_COLUMNS and rows >= _LARGE_ROWS
    head = [_title(view.title, columns, theme), Text(""), *_numbers(view, columns, large, theme)]
    head.append(Text(""))
    for device in view.devices:
        head += _device(device, columns, theme)
        if large:
            head.append(Text(""))
    head.append(_last_event(view, theme))
    middle = [Text("")] if large or rows >= 24 else []
    for alert in view.alerts:
        for line in textwrap.wrap(alert, columns - 4):
            middle.append(Text(f" {line} ".ljust(columns), style=theme.bad))
    return head, middle


def _numbers(view: LiveView, columns: int, large: bool, theme: Theme) -> list[Text]:
    """Elapsed time, gaze and speed, side by side, as large as there is room for."""
    minutes, seconds = divmod(int(max(0.0, view.elapsed_s)), 60)
    gaze = "--" if view.gaze_valid_share is None else f"{view.gaze_valid_share * 100:.0f}%"
    speed = "--" if view.speed_m_s is None else f"{view.speed_m_s * 3.6:.0f}"
    fix = {True: "KM/H", False: "NO LOCATION", None: "KM/H"}[view.location_fix]
    parts = [
        (f"OF {view.planned_s / 60:.0f} MIN", f"{minutes:02d}:{seconds:02d}"),
        ("GAZE VALID", gaze),
        (fix, speed),
    ]
    size = (3, 2) if large else (2, 1)
    blocks = [big_text(text, cell_columns=size[0], cell_rows=size[1]) for _, text in parts]
    gap = 4
    if sum(len(block[0]) for block in blocks) + gap * 3 > columns:
        line = "   ".join(f"{text} {label.lower()}" for label, text in parts)
        return [Text(f"  {line}", style=theme.strong)]
    widths = [
        max(len(block[0]), len(label)) for block, (label, _) in zip(blocks, parts, strict=True)
    ]
    labels = "".join(
        " " * gap + label.ljust(width) for (label, _), width in zip(parts, widths, strict=True)
    )
    lines = [Text(labels, style=theme.dim)]
    low = view.gaze_valid_share is not None and view.gaze_valid_share < 0.5
    for row in range(len(blocks[0])):
        drawn = Text(style=theme.base)
        for number, (block, width) in enumerate(zip(blocks, widths, strict=True)):
            bad = number == 1 and low
            style = theme.bad.split(" on ")[-1] if bad else theme.strong.split(" on ")[0]
            drawn.append(" " * gap)
            drawn.append(block[row].ljust(width), style=style)
        lines.append(drawn)
    return lines


def _device(device: DeviceView, columns: int, theme: Theme) -> list[Text]:
    words, level = _LAMPS[device.lamp]
    line = Text(" ")
    lamp = f" {words.format(device.role.upper())} ".ljust(_LAMP_COLUMNS)
    line.append(lamp, style=getattr(theme, level))
    facts = []
    if device.battery_percent is not None:
        facts.append(f"battery {device.battery_percent:.0f} %")
    if device.temperature_c is not None:
        facts.append(f"{device.temperature_c:.0f} °C")
    if device.storage_minutes is not None:
        facts.append(f"space {device.storage_minutes:.0f} min")
    line.append("  " + "   ".join(facts), style=theme.strong)
    rates = [f"{name} {rate:.0f} Hz" for name, rate in device.rates_hz.items()]
    if device.sound_dbfs is not None:
        rates.append(f"sound {_bar(device.sound_dbfs)} {device.sound_dbfs:.0f} dB")
    second = "   ".join([*rates, *([device.note] if device.note else [])])
    indent = " " * (_LAMP_COLUMNS + 3 if columns >= 70 else 3)
    return [line, Text(f"{indent}{second}", style=theme.dim)]


def _bar(level_dbfs: float) -> str:
    """Draw a level of −60 to 0 dB in eight steps."""
    steps = round(max(0.0, min(1.0, (level_dbfs + 60) / 60)) * 8)
    return "▮" * steps + "▯" * (8 - steps)


def _last_event(view: LiveView, theme: Theme) -> Text:
    if not view.last_event:
        return Text("   no event yet", style=theme.dim)
    ago = "" if view.last_event_s is None else f", {_ago(view.last_event_s)} ago"
    count = f"{view.event_count} event{'' if view.event_count == 1 else 's'}"
    return Text(f"   last: {view.last_event}{ago}  ({count})", style=theme.strong)


def _ago(seconds: float) -> str:
    return f"{max(0.0, seconds):.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _checks(view: ChecksView, columns: int, theme: Theme) -> tuple[list[Text], list[Text]]:
    head = [_title(view.title, columns, theme), Text("")]
    if view.busy:
        return head, [Text("  Looking at everything …", style=theme.strong)]
    counts = [sum(c.level == level for c in view.checks) for level in ("green", "amber", "red")]
    words = f"  {counts[0]} green   {counts[1]} amber   {counts[2]} red"
    head.append(Text(words, style=theme.strong))
    # What has to be done stands at the top; what is good may fall off a small screen.
    order = {"red": 0, "amber": 1, "green": 2}
    body: list[Text] = []
    for check in sorted(view.checks, key=lambda each: order[each.level]):
        body += _check(check, columns, theme)
    return head, body


def _check(check: Check, columns: int, theme: Theme) -> list[Text]:
    style = {"green": theme.good, "amber": theme.amber, "red": theme.bad}[check.level]
    lines: list[Text] = []
    width = columns - 14
    for number, what in enumerate(textwrap.wrap(check.what, width) or [""]):
        line = Text(" ")
        label = f" {_LEVELS[check.level]} {check.subject:<8}" if number == 0 else " " * 11
        line.append(label, style=style if number == 0 else theme.base)
        line.append(f" {what}")
        lines.append(line)
    for number, fix in enumerate(textwrap.wrap(check.fix, width - 2, break_on_hyphens=False)):
        arrow = "→ " if number == 0 else "  "
        lines.append(Text(" " * 13 + arrow + fix, style=theme.strong))
    return lines


def _step(view: StepView, columns: int, theme: Theme) -> tuple[list[Text], list[Text]]:
    head = [_title(view.title, columns, theme), Text("")]
    style = theme.bad if view.failed else theme.strong
    left = "" if view.left_s is None else f" {view.left_s:.0f} s"
    for line in textwrap.wrap(view.step + left, columns - 4):
        head.append(Text(f" {line} ", style=style))
    body = [Text("")]
    for said in view.lines:
        for number, line in enumerate(textwrap.wrap(said, columns - 6)):
            body.append(Text(f"  {'·' if number == 0 else ' '} {line}"))
    return head, body


def _title(title: str, columns: int, theme: Theme) -> Text:
    return Text(f" {title}".ljust(columns), style=theme.title)


def _foot(view: View, columns: int, theme: Theme) -> list[Text]:
    lines: list[Text] = []
    message = "" if isinstance(view, StepView) else view.message
    if view.prompt:
        wrapped = textwrap.wrap(view.prompt, columns - 2, drop_whitespace=False)[-2:]
        lines += [Text(f" {line}".ljust(columns), style=theme.amber) for line in wrapped]
    elif message:
        lines += [
            Text(f" {line}", style=theme.strong) for line in textwrap.wrap(message, columns - 2)[:2]
        ]
    else:
        lines.append(Text(""))
    return [*lines, *_keys(view.keys, columns, theme)]


def _keys(keys: Sequence[tuple[str, str]], columns: int, theme: Theme) -> list[Text]:
    lines: list[Text] = []
    line = Text(" ")
    for key, label in keys:
        if line.cell_len + len(key) + len(label) + 4 > columns and line.cell_len > 1:
            lines.append(line)
            line = Text(" ")
        line.append(f" {key} ", style=theme.title)
        line.append(f" {label} ", style=theme.base)
    if line.cell_len > 1:
        lines.append(line)
    return lines
