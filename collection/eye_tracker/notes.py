"""Collecting what a user should know of a recording, while it is read."""

from typing import Literal

from .recording import RecordingNote

NoteCode = Literal[
    "CALIBRATION-BROKEN",  # a calibration can't be used; CALIBRATION-DEFAULT follows
    "CALIBRATION-CRC",  # the checksum in calibration.bin is wrong, its numbers are used
    "CALIBRATION-DEFAULT",  # the device type's typical camera stands in for this one
    "DTYPE-BROKEN",  # a *.dtype file can't be used, the usual layout is assumed
    "EVENTS-LENGTH",  # events and their times differ in number
    "FILE-CUT",  # a binary file ends inside a record
    "GAZE-200HZ-IGNORED",  # gaze_200hz is incomplete, the phone's gaze is used
    "GAZE-LENGTH",  # gaze points and their times differ in number
    "GREY-PADDING",  # grey frames that Pupil Cloud put between the real ones
    "GREY-PADDING-BY-TIME",  # the same, found without looking at the pictures
    "IMU-LENGTH",  # inertial samples and their times differ in number
    "IMU-PACKETS",  # packets of the inertial sensor that can't be read
    "INFO-KEY",  # a value in info.json has the wrong type
    "INFO-MISSING",  # a Cloud export without info.json
    "INTERVALS-DROPPED",  # eye events that end before they start, or without times
    "PART-INCOMPLETE",  # a part of a stream lacks one of its files
    "PARTS-MISSING",  # part numbers that do not exist, which is normal after a reconnect
    "RECORDING-ID",  # the tables and info.json name different recordings
    "SECTIONS-SEVERAL",  # an export of several sections in one folder
    "STAMPS-DISORDER",  # samples whose stamps do not come after the ones before
    "STAMPS-IMPLAUSIBLE",  # samples whose stamps are no date, or a day off the others
    "STREAMS-APART",  # a stream that does not overlap with the world video in time
    "TEXT-ENCODING",  # a text that is not UTF-8
    "VALUES-NOT-FINITE",  # infinite values, or samples with missing ones
    "WORLD-CLOCK-RATE",  # container and device clock drift apart over a part
    "WORLD-CLOCK-SCATTER",  # container and device times of the frames disagree
    "WORLD-FRAMES-UNDECODABLE",  # frames at the start of a part that can't be decoded
    "WORLD-LENGTH",  # frames and their times differ in number
    "WORLD-PART-REFUSED",  # a part that can't be used
    "WORLD-PTS",  # packets without a time of their own
    "WORLD-SIZE",  # a video whose pictures are not those of the scene camera
    "WORLD-STAMPS-SUBSTITUTE",  # another time file stands in for .time
    "WORLD-VIDEO-CUT",  # a video that ends before its index says
    "WORLD-VIDEO-MISSING",  # stamps without a video
    "WORLD-VIDEO-UNREADABLE",  # a video that can't be opened
    "WORN-ASSUMED",  # the device did not say whether it was worn
    "WORN-VALUES",  # values other than worn and not worn
]


class NoteBook:
    """The notes of one recording, in the order in which they were made."""

    def __init__(self) -> None:
        self._notes: list[RecordingNote] = []

    def add(self, code: NoteCode, message: str) -> None:
        """Write down one sentence that names the file or stream and the figures."""
        note = RecordingNote(code=code, message=message)
        if note not in self._notes:
            self._notes.append(note)

    @property
    def notes(self) -> tuple[RecordingNote, ...]:
        """All notes so far."""
        return tuple(self._notes)


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: ``1 sample``, ``3 samples``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
