"""Which sessions' pictures are averaged together, and whether the mean may be shown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..contract.study import SessionData
from .material import Material
from .mean_picture import MeanPicture, PictureSum, mean_of_sums
from .packed_pictures import View

FEWEST_FACES = 5
"""Drivers in a mean of driver pictures below which it is a portrait."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """A session and the sum of its pictures."""

    session: SessionData
    total: PictureSum


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Sessions whose pictures are averaged.

    Attributes
    ----------
    name
        Of what they have in common.
    members
        The sessions.
    mean
        Each driver counts the same in it, and each of a driver's sessions.
    """

    name: str
    members: tuple[Member, ...]
    mean: MeanPicture

    @property
    def drivers(self) -> int:
        """How many."""
        return len({each.session.driver_id for each in self.members})


def members_of(material: Material, view: View) -> tuple[tuple[Member, ...], int]:
    """Give sessions with pictures of a view and of its most frequent size, and how many have another size."""
    found = [
        Member(session=session, total=total)
        for session in material.study.sessions
        if (seen := material.pictures.get(session.session_id)) is not None
        and (total := seen.road if view == "road" else seen.driver) is not None
        and total.count > 0
    ]
    sizes = Counter((each.total.height_px, each.total.width_px) for each in found)
    if not sizes:
        return (), 0
    usual = sizes.most_common(1)[0][0]
    kept = tuple(each for each in found if (each.total.height_px, each.total.width_px) == usual)
    return kept, len(found) - len(kept)


def group_of(name: str, members: Sequence[Member]) -> Group:
    """Average sessions; at least one."""
    counts = Counter(each.session.driver_id for each in members)
    weights = [1.0 / counts[each.session.driver_id] for each in members]
    return Group(
        name=name,
        members=tuple(members),
        mean=mean_of_sums([each.total for each in members], weights),
    )


def groups_by_position(members: Sequence[Member]) -> list[Group]:
    """Average sessions by where the phone was."""
    places: dict[str, list[Member]] = {}
    for each in members:
        places.setdefault(each.session.camera_position or "position unknown", []).append(each)
    return [group_of(name.replace("_", " "), kept) for name, kept in sorted(places.items())]


def groups_by_session(members: Sequence[Member]) -> list[Group]:
    """Give each session on its own."""
    return [group_of(each.session.session_id, [each]) for each in members]


def may_be_shown(group: Group, view: View, *, portraits: bool) -> bool:
    """Tell whether a mean may be shown: that of few drivers' pictures is a portrait."""
    return view == "road" or portraits or group.drivers >= FEWEST_FACES
