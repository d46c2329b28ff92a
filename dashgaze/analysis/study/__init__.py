"""From a packed data set to sessions of arrays: coordinates, speed, light, traffic."""
