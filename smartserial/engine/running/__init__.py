"""A definition at work: what happens, in which order, and what waits for what."""
