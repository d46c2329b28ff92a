"""The tables of an explanation, in words."""

from collections.abc import Sequence

from dashgaze.models.evaluation.tables import Row, Table
from dashgaze.reports.texts import MISSING, number, percent

from .branch_drop import Drop
from .displacement import UNITS, Head
from .findings import HeadFindings
from .session_means import Interval


def drop_table(drops: Sequence[Drop]) -> Table:
    """Give what taking inputs away does."""
    ways = " or ".join(dict.fromkeys(drop.way for drop in drops))
    return Table(
        caption=f"Inputs {ways}: mean over sessions, with its 95 % interval where there are two or more",
        first="Input",
        head=("Answer", "It moves by", "Its error grows by"),
        rows=tuple(
            Row(
                name=drop.name,
                mark=drop.way,
                cells=(
                    drop.head,
                    _with_interval(drop.moved, UNITS[drop.head]),
                    MISSING
                    if drop.worsened is None
                    else _with_interval(drop.worsened, UNITS[drop.head]),
                ),
            )
            for drop in drops
        ),
    )


def sanity_table(head: Head, found: HeadFindings) -> Table:
    """Give how alike maps of shuffled networks are."""
    return Table(
        caption=f"Randomisation, {head}: weights shuffled from the answer down; likeness must fall",
        first="Layers shuffled",
        head=("Rank correlation", "Structural similarity"),
        rows=tuple(
            Row(
                name=f"{each.layers} ({percent(each.share)})",
                cells=(number(each.rank_correlation, 2), number(each.ssim, 2)),
            )
            for each in found.sanity
        ),
    )


def faith_table(head: Head, found: HeadFindings) -> Table:
    """Give what blurring a fifth of the face does."""
    faithful = found.faithful
    if faithful is None:
        raise ValueError("nothing to show")
    unit = UNITS[head]
    rows = [
        ("Salient fifth blurred: moves", _with_interval(faithful.salient, unit)),
        ("Random fifth blurred: moves", _with_interval(faithful.random, unit)),
        ("Difference", _with_interval(faithful.gain, unit)),
        ("Frames in which the salient fifth matters more", percent(faithful.win_share)),
        (
            "Error grows by",
            MISSING
            if faithful.error_growth is None
            else _with_interval(faithful.error_growth, unit),
        ),
        ("Frames whose error falls", percent(faithful.error_falls_share)),
    ]
    return Table(
        caption=f"Faithfulness, {head}: a fifth of the face's area is blurred",
        first="",
        head=("Value",),
        rows=tuple(Row(name=name, cells=(text,)) for name, text in rows),
    )


def _with_interval(value: Interval, unit: str) -> str:
    digits = 1 if unit == "px" else 2
    text = f"{number(value.mean, digits)} {unit}"
    if value.low is None or value.high is None:
        return text
    return f"{text} ({number(value.low, digits)} to {number(value.high, digits)})"


def share_words(value: Interval) -> str:
    """Write a share with its interval."""
    text = percent(value.mean)
    if value.low is None or value.high is None:
        return text
    return f"{text} ({percent(max(0.0, value.low))} to {percent(min(1.0, value.high))})"
