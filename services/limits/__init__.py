"""How many operations a caller may make in a window of time."""
