"""Models of driver gaze: baselines, networks, how they are trained, evaluated and explained."""
