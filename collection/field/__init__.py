"""What all devices in the field share: checks, health, clocks, and the shape of a device."""
