"""The records of an M-Bus answer cut apart, each as the bytes it is made of (EN 13757-3, 6).

::

    DIF [DIFE…] VIF [VIFE…] data          data as long as the DIF says
    DIF [DIFE…] VIF [VIFE…] length data   DIF with a D: texts and long numbers
    2F                                    filler, between records
    0F … / 1F …                           the maker's own until the end / and more telegrams follow

What the bytes mean is told by ``collectors.mbus.frames``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.mbus.link import shown
from paes.errors import BadReply

EXTENSION = 0x80
"""The bit of a DIF, DIFE, VIF or VIFE that says that another one follows."""

_MORE, _MAKERS_OWN, _FILLER = 0x1F, 0x0F, 0x2F
_MOSTEXTENSIONS = 10
_PLAIN_TEXT = 0x7C
_LENGTHS = (0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, None, 6)
_LONGEST_TEXT, _LONGEST_BINARY = 0xBF, 0xEF


@dataclass(frozen=True, slots=True)
class Cut:
    """The bytes of one record."""

    dif: tuple[int, ...]
    vif: tuple[int, ...]
    label: bytes
    data: bytes
    is_text: bool = False


def cut_apart(body: bytes) -> tuple[list[Cut], bool]:
    """The records of an answer, and whether more of them follow in the next telegram."""
    cuts: list[Cut] = []
    rest = _Rest(body)
    while rest:
        dif = rest.byte()
        if dif in (_MORE, _MAKERS_OWN):
            return cuts, dif == _MORE
        if dif == _FILLER:
            continue
        try:
            cuts.append(_next(dif, rest))
        except _EndedEarly as err:
            text = f"record {len(cuts)} of the telegram ends too early, after {shown(body[-8:])}"
            raise BadReply(text) from err
    return cuts, False


class _EndedEarly(Exception):
    pass


class _Rest:
    """The bytes that are not cut yet."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        if count > len(self._data):
            raise _EndedEarly
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def begins_with_text(self) -> bool:
        """True if a length stands here, and so many printable characters after it."""
        text = self._data[1 : 1 + self._data[0]] if self._data else b""
        return bool(text) and len(text) == self._data[0] and all(32 <= c < 127 for c in text)


def _next(dif: int, rest: _Rest) -> Cut:
    difs = (dif, *_extensions(dif, rest))
    vif, label = rest.byte(), b""
    is_labelled = vif & ~EXTENSION == _PLAIN_TEXT
    # Makers put the name of a unit before the VIFE as well as after them.
    if is_labelled and rest.begins_with_text():
        label = rest.take(rest.byte())
    vifs = (vif, *_extensions(vif, rest))
    if is_labelled and not label:
        label = rest.take(rest.byte())
    kind = dif & 0x0F
    if kind >= len(_LENGTHS):
        raise BadReply(f"DIF {dif:02X} is reserved: the records cannot be told apart")
    length = _LENGTHS[kind]
    if length is not None:
        return Cut(difs, vifs, label, rest.take(length))
    length = rest.byte()
    if length > _LONGEST_BINARY:
        raise BadReply(f"a record of the special length {length:02X}, which is not supported")
    is_text = length <= _LONGEST_TEXT
    return Cut(difs, vifs, label, rest.take(length if is_text else length % 16), is_text)


def _extensions(first: int, rest: _Rest) -> Iterator[int]:
    byte, count = first, 0
    while byte & EXTENSION:
        if count == _MOSTEXTENSIONS:
            raise BadReply(f"more than {_MOSTEXTENSIONS} extensions of a DIF or VIF")
        byte, count = rest.byte(), count + 1
        yield byte
