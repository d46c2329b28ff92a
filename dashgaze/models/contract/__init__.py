"""What the parts of `dashgaze.models` pass to one another."""
