"""From which figures on a drive gets a flag, or is to be redone; and why there.

They are choices, made to be changed in one place. A limit to redo lies where the data set would have little
use for the drive; a limit to flag where who uses it has to know.
"""

GAZE_FLAG_SHARE, GAZE_REDO_SHARE = 0.8, 0.5
"""Share of scene camera frames with gaze. Blinks take 5 to 10 %; below 80 % glasses have slipped or light has
blinded the cameras; of a drive with less than half nobody can say where the driver looked."""

OVERLAP_FLAG_SHARE, OVERLAP_REDO_SHARE = 0.9, 0.5
"""Share of scene camera frames with a road frame at their time. The tracker should be started last and
stopped first; what the phone did not see is lost."""

IN_VIEW_FLAG_SHARE = 0.5
"""Share of road gaze inside of the road picture. Drivers look ahead for most of the time: less says that the
phone points elsewhere, or shows too little."""

LOST_FLAG_SHARE, LOST_REDO_SHARE = 0.05, 0.2
"""Share of frames that a camera lost. Single ones are normal; one in twenty speaks of heat or a full
storage; one in five tears tracks of features apart."""

LONG_GAP_S = 1.0
"""A view that was blind for longer may have missed what the driver reacted to, s."""

CLOCK_ERROR_MS = 16.7
"""Standard error of the time map, ms: beyond half a frame of 30 a second it picks the wrong road frame."""

CLIPPED_FLAG_SHARE = 0.01
"""Share of overdriven samples, from which on the sync stage mentions it, too."""

SILENT_FLAG_SHARE = 0.1
"""Share of seconds of digital silence: the microphone was taken away for a time."""

BLACK_FLAG_SHARE, BLACK_REDO_SHARE = 0.1, 0.5
"""Share of pictures that show nothing: a lens was covered, or the camera app lost its exposure."""

WHITE_FLAG_SHARE = 0.1
"""Share of washed out pictures: low sun, or exposure locked too bright."""

FACE_FLAG_SHARE = 0.5
"""Share of driver frames with a face: below it the camera points past the driver, or it is too dark."""

SPEED_FLAG_SHARE = 0.5
"""Share of frames with a speed, where there is a track of the car at all."""
