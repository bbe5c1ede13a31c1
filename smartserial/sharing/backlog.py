"""A queue of bytes that knows its size and copies nothing."""

from __future__ import annotations

from collections import deque

_MOST_CHUNKS = 64  # buffers a writev; the kernel takes 1024, few are ever needed


class Backlog:
    """Bytes in order, put in and taken out in chunks; every operation says how many bytes it moved."""

    __slots__ = ("_chunks", "size")

    def __init__(self) -> None:
        self._chunks: deque[bytes | memoryview] = deque()
        self.size = 0

    def append(self, data: bytes | memoryview) -> None:
        """Put `data` at the end; the queue keeps a reference, so it must not change."""
        if data:
            self._chunks.append(data)
            self.size += len(data)

    def append_within(self, data: bytes, limit: int) -> int:
        """Put as much of `data` at the end as keeps the size within `limit` bytes.

        Returns:
            How many bytes found no place: always the newest.
        """
        room = max(0, limit - self.size)
        self.append(data if len(data) <= room else data[:room])
        return max(0, len(data) - room)

    def head(self) -> list[bytes | memoryview]:
        """The oldest chunks, as many as one system call should take; they stay in the queue."""
        if len(self._chunks) <= _MOST_CHUNKS:
            return list(self._chunks)
        return [self._chunks[n] for n in range(_MOST_CHUNKS)]

    def first(self, count: int) -> bytes:
        """Return the oldest `count` bytes, or all if there are fewer; they stay in the queue."""
        pieces: list[bytes | memoryview] = []
        for chunk in self._chunks:
            pieces.append(chunk[:count])
            count -= len(pieces[-1])
            if not count:
                break
        return b"".join(pieces)

    def consume(self, count: int) -> int:
        """Take out the oldest `count` bytes, or all if there are fewer.

        Returns:
            How many bytes were taken out.
        """
        count = left = min(count, self.size)
        while left:
            chunk = self._chunks[0]
            if len(chunk) > left:
                self._chunks[0] = memoryview(chunk)[left:]
                break
            left -= len(chunk)
            self._chunks.popleft()
        self.size -= count
        return count

    def take(self) -> list[bytes | memoryview]:
        """Take out everything, in order."""
        chunks = list(self._chunks)
        self.clear()
        return chunks

    def clear(self) -> int:
        """Forget everything; return how many bytes that were."""
        count, self.size = self.size, 0
        self._chunks.clear()
        return count
