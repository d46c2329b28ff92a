"""What the phone's front camera sees: the driver, whose head and eyes follow the gaze."""
