"""Where a drive that is being recorded leaves its files."""

from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.files import refuse_taken_folder
from dashgaze.schemas.manifest import MANIFEST_NAME

FIELD_NAME = "field"


class DriveFolder:
    """Paths in a session folder.

    Parameters
    ----------
    root
        The session folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.field = self.root / FIELD_NAME
        self.manifest = self.root / MANIFEST_NAME
        self.journal = self.field / "journal.jsonl"
        self.events = self.field / "events.jsonl"
        self.inbox = self.field / "inbox.jsonl"
        self.clocks = self.field / "clocks.json"
        self.preflight = self.field / "preflight.json"
        self.status = self.field / "status.json"
        self.chirp = self.field / "chirp.wav"
        self.lock = self.field / "recorder.lock"

    @property
    def drives(self) -> Path:
        """The folder that holds this session and others."""
        return self.root.absolute().parent

    def refuse_used(self) -> None:
        """Refuse a folder that holds anything.

        Raises
        ------
        InputError
            If it is a drive that was begun.
        OutputError
            If it holds anything else.
        """
        if self.journal.exists():
            raise InputError(
                f"{self.root} is a drive that was begun already; nothing is ever overwritten.",
                fix=f"Go on with `dashgaze collect resume {self.root}`, or choose another name.",
                path=self.root,
            )
        refuse_taken_folder(self.root)

    def require_begun(self) -> None:
        """Refuse a folder in which no drive was begun.

        Raises
        ------
        InputError
            If there is no journal.
        """
        if not self.journal.exists():
            raise InputError(
                f"{self.root} is no drive that was begun here: {self.journal} does not exist.",
                fix=f"Begin one with `dashgaze collect record {self.root}`.",
                path=self.root,
            )
