"""A ZIP archive written from front to end: members stored as they are, ZIP64 where places or counts need it.

PKWARE's .ZIP File Format Specification (APPNOTE) 6.3.9, sections 4.3.7 to 4.3.16. A member's size and checksum stand
before it, so the archive can also be read from front to end.
"""

import struct
import zlib

_UTF8 = 0x0800
_DATE = 0x0021  # 1 January 1980, ZIP's first day: the same data give the same archive
_MOST = 2**32 - 1


class ZipWriter:
    """Members come out of :meth:`member` in the order in which they shall stand, the end out of :meth:`end`."""

    def __init__(self) -> None:
        self._at = 0
        self._directory: list[bytes] = []

    def member(self, name: str, content: bytes) -> bytes:
        """A file of less than 4 GiB."""
        encoded, crc = name.encode(), zlib.crc32(content)
        facts = (_UTF8, 0, 0, _DATE, crc, len(content), len(content), len(encoded))
        extra = struct.pack("<HHQ", 1, 8, self._at) if self._at >= _MOST else b""
        version = 45 if extra else 20
        central = struct.pack(
            "<IHHHHHHIIIHHHHHII",
            *(0x02014B50, 3 << 8 | version, version, *facts),
            *(len(extra), 0, 0, 0, 0o644 << 16, min(self._at, _MOST)),
        )
        self._directory.append(central + encoded + extra)
        written = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, *facts, 0) + encoded + content
        self._at += len(written)
        return written

    def end(self) -> bytes:
        """The directory of all members."""
        directory, count = b"".join(self._directory), len(self._directory)
        start, size = self._at, len(directory)
        parts = [directory]
        if count >= 0xFFFF or start + size >= _MOST:
            parts.append(
                struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 3 << 8 | 45, 45, 0, 0, count, count, size, start)
                + struct.pack("<IIQI", 0x07064B50, 0, start + size, 1)
            )
        few = min(count, 0xFFFF)
        parts.append(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, few, few, min(size, _MOST), min(start, _MOST), 0))
        return b"".join(parts)
