"""The rules of sharing, without I/O: who may come in, what is kept, what is counted."""
