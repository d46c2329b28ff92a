"""How data comes in: eye tracker recordings, phones, and the simulator."""
