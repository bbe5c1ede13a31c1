"""Playing a capture again: towards a port, a program that listens, or programs that connect here."""
