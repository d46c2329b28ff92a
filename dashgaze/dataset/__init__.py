"""The data set: packed from sessions, loaded by others, and cared for."""
