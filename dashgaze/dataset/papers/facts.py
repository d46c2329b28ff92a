"""All that the papers of a data set are written from."""

from collections import Counter
from dataclasses import dataclass

from dashgaze.schemas.about import About
from dashgaze.schemas.dataset_manifest import SPLITS, DatasetManifest, Split

from .figure import FigureFile
from .frame_tally import FrameTally
from .session_tally import SessionTally
from .wording import counted, hours


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is counted and what is told.

    Attributes
    ----------
    manifest
        What is in the data set.
    about
        What only people know.
    sessions, frames
        What was counted over the tables.
    figures
        What was drawn.
    """

    manifest: DatasetManifest
    about: About
    sessions: SessionTally
    frames: FrameTally
    figures: tuple[FigureFile, ...] = ()

    @property
    def title(self) -> str:
        """Title of the data set; its name where none was given."""
        return self.about.title or self.manifest.name

    @property
    def amount(self) -> str:
        """Say how much it is: sessions, drivers, hours, frames."""
        return (
            f"{counted(self.sessions.all.sessions, 'session')} of "
            f"{counted(len(self.sessions.drivers), 'driver')}, "
            f"{hours(self.sessions.all.hours)}, {counted(self.frames.frames, 'frame')}"
        )

    @property
    def splits(self) -> tuple[Split, ...]:
        """Splits that have frames."""
        rows = self.manifest.rows("frames")
        return tuple(split for split in SPLITS if split in rows)

    @property
    def first_split(self) -> Split:
        """The split that examples load."""
        return next(iter(self.splits), SPLITS[0])

    @property
    def as_recorded_reason(self) -> str:
        """Why pictures of others are in it as recorded; empty if they are not, or nobody said."""
        return str(self.manifest.options.get("as_recorded_reason", ""))

    @property
    def outward(self) -> Counter[str]:
        """Sessions by state of the ego and road pictures."""
        return Counter(session.outward_pictures for session in self.manifest.sessions)

    @property
    def driver(self) -> Counter[str]:
        """Sessions by state of the driver's pictures."""
        return Counter(session.driver_pictures for session in self.manifest.sessions)

    @property
    def scopes(self) -> Counter[str]:
        """Sessions by scope of consent."""
        return Counter(session.consent_scope for session in self.manifest.sessions)

    @property
    def shows_people(self) -> bool:
        """Whether pictures are in it in which somebody may be recognised."""
        return shows_people(self.manifest)

    @property
    def has_pictures(self) -> bool:
        """Whether any pictures are in it."""
        return has_pictures(self.manifest)

    @property
    def has_videos(self) -> bool:
        """Whether videos are in it."""
        return any(file.path.endswith(".mp4") for file in self.manifest.files)

    @property
    def has_location(self) -> bool:
        """Whether it tells where the car was."""
        return bool(self.manifest.shards("location"))

    @property
    def has_sound(self) -> bool:
        """Whether road videos were packed with their sound."""
        return bool(self.manifest.options.get("sound"))


def shows_people(manifest: DatasetManifest) -> bool:
    """Say whether pictures are in a data set in which somebody may be recognised.

    A driver whose face is blurred may still be known by clothes or car, so that counts too.
    """
    return any(
        session.driver_pictures != "none" or session.outward_pictures == "as_recorded"
        for session in manifest.sessions
    )


def has_pictures(manifest: DatasetManifest) -> bool:
    """Say whether a data set has pictures of any view, in any state."""
    return any(
        session.driver_pictures != "none" or session.outward_pictures != "none"
        for session in manifest.sessions
    )
