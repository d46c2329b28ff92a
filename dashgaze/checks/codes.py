"""All codes of findings, and what each means."""

# Of the session as a whole and of its manifest.
_SESSION_CODES = {
    "MANIFEST-FAULT": "session.yaml can't be used as it is.",
    "MISSING-DRIVER-ID": "session.yaml does not say who drove (a pseudonym).",
    "MISSING-RECORDED-AT": "session.yaml does not say when the road video starts.",
    "MISSING-CAR": "session.yaml does not name the car.",
    "MISSING-CAMERA-POSITION": "session.yaml does not say where the phone was mounted.",
    "MISSING-WEATHER": "session.yaml does not say what the weather was.",
    "MISSING-LIGHTING": "session.yaml does not say whether it was day or night.",
    "MISSING-EYEWEAR": "session.yaml does not say what the driver wore beside the eye tracker.",
    "MISSING-PASSENGERS": "session.yaml does not say how many people rode along.",
    "MISSING-CONSENT": "session.yaml does not say what the driver agreed to.",
    "MISSING-PHONE-MODEL": "session.yaml does not name the phone.",
    "MISSING-DRIVER-VIDEO": "The session has no video of the driver.",
    "MISSING-LOCATION": "The session has no track of the car, and so no speed.",
    "FILE-MISSING": "A file or folder that session.yaml names does not exist.",
    "FILE-EMPTY": "A file has no content.",
    "FILE-NOT-NAMED": "A recording lies in the folder, but session.yaml does not name it.",
    "SAME-FILE-TWICE": "Two files of the session have the same content.",
    "LOCATION-UNREADABLE": "The phone's track can't be used.",
    "LOCATION-NOTE": "Something of the phone's track was left out, sorted or assumed.",
    "LOCATION-APART": "By its times, the phone's track belongs to another drive.",
    "DISK-FULL": "There is no room for what the stages write.",
    "SESSION-READ-ONLY": "The stages can't write into the session folder.",
    "DERIVED-STALE": "A result was computed from other files than those that are there now.",
}

# Of the phone's videos, and, from FRAMES-DROPPED on, of the scene camera's as well.
_VIDEO_CODES = {
    "VIDEO-UNFINISHED": "A video has no index, because its recorder was killed.",
    "VIDEO-UNREADABLE": "A file is not a video that can be read.",
    "VIDEO-WITHOUT-PICTURES": "A file that has to be a video holds sound only.",
    "VIDEO-CUT": "A video ends before its own headers say.",
    "VIDEO-ROTATED": "A road video was recorded upright.",
    "VIDEO-MIRRORED": "A video is to be shown mirrored.",
    "ROAD-NO-SOUND": "The road video has no sound, which the sync needs.",
    "ROAD-IS-DRIVER": "The videos of road and driver are exchanged.",
    "ROAD-IS-WORLD": "The scene camera's video stands in for the road video.",
    "ROAD-PARTS": "The road video seems to be one part of several.",
    "DRIVER-LENGTH": "The videos of road and driver differ in length.",
    "TIMES-DUPLICATE": "Several frames have the same time.",
    "TIMES-MISSING": "Frames have no time.",
    "STABILISATION-UNKNOWN": "No file says whether the picture was stabilised.",
    "FRAMES-DROPPED": "Frames are missing.",
    "FRAME-RATE-LOW": "The frame rate is low, as by heat or in the dark.",
    "RECORDING-SHORT": "A recording is too short for a reliable sync.",
    "SOUND-CLIPPED": "The sound is overdriven.",
    "SOUND-GAPS": "Sound was lost while recording.",
    "SOUND-SILENT": "A sound track holds no sound.",
    "SOUND-UNREADABLE": "A sound track can't be decoded.",
}

# Of the eye tracker.
_TRACKER_CODES = {
    "TRACKER-UNREADABLE": "The eye tracker recording can't be used.",
    "TRACKER-NOTE": "The reader of the recording has something to say that has no code here.",
    "TRACKER-SWAPPED": "The eye tracker recording lies where the phone's files belong.",
    "KIND-DIFFERS": "The recording is of another device than session.yaml says.",
    "WORLD-NO-SOUND": "The scene camera's video has no sound, which the sync needs.",
    "WORLD-SOUND-PARTIAL": "Some parts of the scene camera's video have no sound.",
    "GAZE-LOST": "For a part of the recording there is no gaze.",
    "NOT-WORN": "The eye tracker was not worn for a part of the recording.",
}

# Of the clocks.
_CLOCK_CODES = {
    "WALL-CLOCK-UNKNOWN": "Nothing tells roughly how the clocks of phone and tracker compare.",
    "WALL-CLOCKS-APART": "By their clocks, phone and eye tracker did not record together.",
    "CREATION-TIME-DIFFERS": "recorded_at and the time in the road video disagree.",
}

# Of what the reader of the eye tracker recording mended, left out or assumed.
NOTE_CODES = {
    "CALIBRATION-BROKEN": "The scene camera's calibration can't be used.",
    "CALIBRATION-CRC": "The checksum of the calibration is wrong; its numbers are used.",
    "CALIBRATION-DEFAULT": "The typical camera of the device type stands in for this one.",
    "DTYPE-BROKEN": "A description of a stream's layout can't be used; the usual one is assumed.",
    "EVENTS-LENGTH": "Events and their times differ in number.",
    "FILE-CUT": "A binary file ends inside a record.",
    "GAZE-200HZ-IGNORED": "The recomputed gaze is incomplete; the phone's gaze is used.",
    "GAZE-LENGTH": "Gaze points and their times differ in number.",
    "GREY-PADDING": "Pupil Cloud put grey frames between the real ones.",
    "GREY-PADDING-BY-TIME": "Grey frames were found by their times alone.",
    "IMU-LENGTH": "Inertial samples and their times differ in number.",
    "IMU-PACKETS": "Packets of the inertial sensor can't be read.",
    "INFO-KEY": "A value in info.json has the wrong type.",
    "INFO-MISSING": "A Cloud export comes without info.json.",
    "INTERVALS-DROPPED": "Eye events were left out that end before they start.",
    "PART-INCOMPLETE": "A part of a stream lacks one of its files.",
    "PARTS-MISSING": "Part numbers are missing, which is normal after a reconnect.",
    "RECORDING-ID": "The tables and info.json name different recordings.",
    "SECTIONS-SEVERAL": "The export holds several sections of the recording.",
    "STAMPS-DISORDER": "Samples were left out whose stamps do not come after those before.",
    "STAMPS-IMPLAUSIBLE": "Samples were left out whose stamps can't be true.",
    "STREAMS-APART": "A stream does not overlap with the world video in time.",
    "TEXT-ENCODING": "A text is not UTF-8.",
    "VALUES-NOT-FINITE": "Samples have infinite or missing values.",
    "WORLD-CLOCK-RATE": "Container and device clock drift apart.",
    "WORLD-CLOCK-SCATTER": "Container and device times of the frames disagree.",
    "WORLD-FRAMES-UNDECODABLE": "Frames at the start of a part can't be decoded.",
    "WORLD-LENGTH": "Frames and their times differ in number.",
    "WORLD-PART-REFUSED": "A part of the world video can't be used.",
    "WORLD-PTS": "Packets of the world video have no time of their own.",
    "WORLD-SIZE": "The pictures of a video are not those of the scene camera.",
    "WORLD-STAMPS-SUBSTITUTE": "Another time file stands in for .time.",
    "WORLD-VIDEO-CUT": "The world video ends before its index says.",
    "WORLD-VIDEO-MISSING": "There are stamps of frames without a video.",
    "WORLD-VIDEO-UNREADABLE": "A part of the world video can't be opened.",
    "WORN-ASSUMED": "The device did not say whether it was worn.",
    "WORN-VALUES": "There are values other than worn and not worn.",
}

# What is normal and needs no one's attention.
HARMLESS_NOTES = frozenset(
    {
        "GREY-PADDING",
        "GREY-PADDING-BY-TIME",
        "INFO-KEY",
        "INFO-MISSING",
        "PARTS-MISSING",
        "SECTIONS-SEVERAL",
        "WORLD-CLOCK-RATE",
        "WORLD-FRAMES-UNDECODABLE",
        "WORLD-STAMPS-SUBSTITUTE",
        "WORN-ASSUMED",
    }
)

CODES: dict[str, str] = _SESSION_CODES | _VIDEO_CODES | _TRACKER_CODES | _CLOCK_CODES | NOTE_CODES
"""What each code means; codes are never renamed."""
