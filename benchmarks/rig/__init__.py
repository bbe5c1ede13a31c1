"""The side-by-side rig: servers on fresh ptys, loaded by a separate C program."""
