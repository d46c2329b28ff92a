"""Where the car is heading, from the road video: focus of expansion and road lines."""
