"""Making trained networks smaller by the filters that tell gaze."""
