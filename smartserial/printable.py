"""Text from elsewhere, made safe to print in one line."""


def printable(text: str) -> str:
    """Return `text` with everything that is not printable written as an escape, line ends included."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
