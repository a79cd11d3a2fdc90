"""BER read from a stream: elements of a few kilobytes come whole, the content comes in pieces."""

from dataclasses import dataclass
from typing import BinaryIO

from wire.cms import der
from wire.cms.der import DerError, DerNode


@dataclass(slots=True)
class _Level:
    """An element that has been entered.

    Attributes:
        end: Offset where it ends; None when its length is indefinite.
        bound: Offset that nothing inside may pass; None when nothing around it has a definite length.
        closed: Whether the end-of-contents of an indefinite length has been read.
    """

    end: int | None
    bound: int | None
    closed: bool = False


class BerStream:
    """A cursor over one BER element.

    Args:
        src: Where to read; it is only read forward.
    """

    def __init__(self, src: BinaryIO) -> None:
        self._src = src
        self._position = 0
        self._levels: list[_Level] = []
        self._pending: tuple[int, int | None] | None = None
        self._content: list[_Level] = []
        self._left = 0

    def enter(self, tag: int) -> None:
        """Go into the next element.

        Raises:
            DerError: It has another tag, or is torn.
        """
        self._levels.append(self._level(self._expect(tag)))

    def leave(self) -> None:
        """Go out of the element that was entered last.

        Raises:
            DerError: Something is left in it.
        """
        if not self._at_end():
            raise DerError("more elements than expected")
        self._levels.pop()

    def finish(self) -> None:
        """End the reading.

        Raises:
            DerError: Bytes follow.
        """
        if self._levels or self._src.read(1):
            raise DerError("bytes after the end")

    def peek(self) -> int | None:
        """Return the tag of the next element, None when there is none at this level."""
        if self._at_end():
            return None
        if self._pending is None:
            self._pending = self._header()
        return self._pending[0]

    def element(self, limit: int) -> DerNode:
        """Read the next element whole.

        Args:
            limit: Greatest size accepted.

        Raises:
            DerError: Torn, too large, or not there.
        """
        if self.peek() is None or self._pending is None:
            raise DerError("an element is missing")
        tag, length = self._pending
        self._pending = None
        raw = bytearray()
        self._collect(tag, length, raw, limit, len(self._levels))
        return der.parse(bytes(raw))

    def open_content(self, tag: int) -> None:
        """Begin to read an OCTET STRING in pieces, primitive or constructed.

        Args:
            tag: Its tag in the primitive form.

        Raises:
            DerError: Something else stands there.
        """
        found = self.peek()
        if found == tag:
            _, length = self._expect(tag)
            self._left = length or 0
        else:
            self._push_content(self._expect(tag | der.CONSTRUCTED))

    def read_content(self, buffer: memoryview) -> int:
        """Fill the buffer from the content; 0 at its end.

        Raises:
            DerError: The content is cut off or its pieces are not OCTET STRINGs.
        """
        filled = 0
        while filled < len(buffer):
            if not self._left and not self._next_piece():
                break
            wanted = min(self._left, len(buffer) - filled)
            got = self._read_into(buffer[filled : filled + wanted])
            self._left -= got
            filled += got
        return filled

    def _next_piece(self) -> bool:
        """Go to the next primitive piece; False when the content has ended."""
        while self._content:
            if self._at_end():
                self._levels.pop()
                self._content.pop()
                continue
            tag, length = self._pending or self._header()
            self._pending = None
            if tag == der.OCTET_STRING:
                self._left = length or 0
                if self._left:
                    return True
            elif tag == der.OCTET_STRING | der.CONSTRUCTED:
                self._push_content((tag, length))
            else:
                raise DerError(f"tag {tag:#04x} in the content")
        return False

    def _push_content(self, header: tuple[int, int | None]) -> None:
        if len(self._levels) >= der.MAX_DEPTH:
            raise DerError("nested too deeply")
        level = self._level(header)
        self._levels.append(level)
        self._content.append(level)

    def _expect(self, tag: int) -> tuple[int, int | None]:
        found = self.peek()
        if found != tag or self._pending is None:
            raise DerError(f"tag {found} where {tag:#04x} is due")
        header = self._pending
        self._pending = None
        return header

    def _level(self, header: tuple[int, int | None]) -> _Level:
        length = header[1]
        bound = self._levels[-1].bound if self._levels else None
        if length is None:
            return _Level(None, bound)
        end = self._position + length
        return _Level(end, end)

    def _at_end(self) -> bool:
        if not self._levels or self._pending is not None:
            return False
        level = self._levels[-1]
        if level.end is not None:
            return self._position == level.end
        if not level.closed:
            tag = self._byte()
            if tag != der.END_OF_CONTENTS:
                self._pending = self._header(tag)
            elif self._byte() != 0:
                raise DerError("end of contents")
            else:
                level.closed = True
        return level.closed

    def _header(self, tag: int | None = None) -> tuple[int, int | None]:
        """Read a tag and length and hold them against what is around."""
        head = bytes((self._byte() if tag is None else tag, self._byte()))
        if head[1] > der.INDEFINITE:
            head += self._read(min(head[1] & 0x7F, der.MAX_LENGTH_BYTES + 1))
        found, length, _ = der.read_header(head, 0)
        bound = self._levels[-1].bound if self._levels else None
        if length is not None and bound is not None and self._position + length > bound:
            raise DerError("an element is longer than what is around it")
        return found, length

    def _collect(self, tag: int, length: int | None, raw: bytearray, limit: int, depth: int) -> None:
        """Append a whole element to `raw`; indefinite lengths are kept as they stood."""
        if depth > der.MAX_DEPTH:
            raise DerError("nested too deeply")
        if length is not None:
            raw += der.header(tag, length)
            if len(raw) + length > limit:
                raise DerError("an element is too large")
            raw += self._read(length)
            return
        raw += bytes((tag, der.INDEFINITE))
        while (inner := self._byte()) != der.END_OF_CONTENTS:
            self._collect(*self._header(inner), raw, limit, depth + 1)
        if self._byte() != 0:
            raise DerError("end of contents")
        raw += b"\0\0"
        if len(raw) > limit:
            raise DerError("an element is too large")

    def _byte(self) -> int:
        return self._read(1)[0]

    def _read(self, size: int) -> bytes:
        self._check_bound(size)
        data = self._src.read(size)
        while len(data) < size:
            more = self._src.read(size - len(data))
            if not more:
                raise DerError("cut off")
            data += more
        self._position += size
        return data

    def _read_into(self, view: memoryview) -> int:
        got: int = self._src.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise DerError("cut off")
        self._position += got
        return got

    def _check_bound(self, size: int) -> None:
        bound = self._levels[-1].bound if self._levels else None
        if bound is not None and self._position + size > bound:
            raise DerError("an element is longer than what is around it")
