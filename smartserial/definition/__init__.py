"""What a device protocol says, as frozen values: read from XML or made by hand, checked, explained.

Nothing here does I/O, and nothing runs a protocol.
"""
