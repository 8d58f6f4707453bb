"""What a device is that nobody has described yet: which of our profiles fit, and who it says it is.

It is asked for SunSpec models, and for the registers by which our profiles tell their device from
others. A profile that names no such register cannot be recognised: that a register is readable
proves nothing. Refused questions cost nothing; after two silences in a row no more are put.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collectors.devices.profile import DeviceProfile, Identification
from collectors.modbus.identity import Identity, identification_value, read_identity
from collectors.modbus.sunspec import COMMON, Connection, Discovery, discover
from paes.errors import ConnectionFailed, FieldError, NoReply

MOST_SILENCES = 2

_Question = tuple[int, int, int]
"""Function code, address, registers."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What came of the questions put to one unit."""

    profiles: tuple[str, ...] = ()
    """Ids of the profiles that fit; several where makers share a map."""
    identity: Identity = field(default_factory=Identity)
    sunspec: Discovery | None = None
    """None if it is no SunSpec device."""


@dataclass
class _Answers:
    """Each question is put once, whichever profiles ask it."""

    connection: Connection
    unit: int
    timeout_s: float
    silences: int = 0
    seen: dict[_Question, list[int] | None] = field(default_factory=dict)

    async def of(self, question: _Question) -> list[int] | None:
        if question not in self.seen:
            self.seen[question] = await self._ask(question)
        return self.seen[question]

    async def _ask(self, question: _Question) -> list[int] | None:
        if self.silences >= MOST_SILENCES:
            return None
        if not self.connection.connected:
            await self.connection.connect()
        function_code, address, count = question
        try:
            words = await self.connection.read(
                function_code, self.unit, address, count, self.timeout_s
            )
        except FieldError as err:
            mute = isinstance(err, NoReply | ConnectionFailed)
            self.silences = self.silences + 1 if mute else 0
            return None
        self.silences = 0
        return words


async def recognise(
    connection: Connection, unit: int, profiles: Iterable[DeviceProfile], timeout_s: float
) -> Recognition:
    """Ask ``unit`` what it is, each request with ``timeout_s``.

    Raises ConnectionFailed if the connection cannot be opened again.
    """
    by_id = {profile.id: profile for profile in profiles}
    discovery = await discover(connection, unit, timeout_s)
    answers = _Answers(connection, unit, timeout_s)
    fitting = [p for p in by_id.values() if await _holds_what_is_expected(answers, p)]
    if discovery.base is None:
        identity = Identity()
        if fitting:
            identity = await read_identity(connection, unit, fitting[0], timeout_s)
        return Recognition(tuple(p.id for p in fitting), identity)
    models = _of_models(by_id, discovery)
    common = next((p for p in by_id.values() if p.base and p.base.model == COMMON), None)
    spokesman = models[0] if models else common
    identity = Identity()
    if spokesman:
        identity = await read_identity(connection, unit, spokesman, timeout_s, discovery)
    chained = [p for p in by_id.values() if p.base and p.base.kind == "sunspec_chain"]
    own = [p for p in {p.id: p for p in (*fitting, *chained)}.values() if _is_by(p, identity)]
    return Recognition(tuple(p.id for p in (*models, *own)), identity, discovery)


async def _holds_what_is_expected(answers: _Answers, profile: DeviceProfile) -> bool:
    telling = [item for item in profile.identify if item.equals]
    for item in telling:
        words = await answers.of((profile.defaults.fc, item.address, item.width))
        if words is None or not _fits(profile, item, words):
            return False
    return bool(telling)


def _fits(profile: DeviceProfile, item: Identification, words: list[int]) -> bool:
    return identification_value(profile, item, words) in item.equals


def _of_models(profiles: Mapping[str, DeviceProfile], found: Discovery) -> list[DeviceProfile]:
    """The profiles of the models that were found, in the order of the chain."""
    by_model = {p.base.model: p for p in profiles.values() if p.base and p.base.model}
    numbers = dict.fromkeys(m.id for m in found.models if m.id != COMMON)
    return [by_model[n] for n in numbers if n in by_model]


def _is_by(profile: DeviceProfile, identity: Identity) -> bool:
    """True if the maker that the device names is the profile's: "SunS" itself is everybody's."""
    theirs = (identity.manufacturer or "").casefold().split()
    ours = profile.vendor.casefold().split()
    return bool(theirs) and theirs[0] == ours[0]
