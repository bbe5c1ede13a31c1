"""A definition in words: what is connected, what is said and heard byte by byte, and what happens when."""
