"""A device dump: what one unit answered, as a file that the simulator can serve again.

A strange device on site becomes a test: its words as they came, the requests that it refused or
left unanswered, how long it took, and several samples when the counters should be seen to move.
Everything that the meter's profile names is read, and other ranges if asked for; a block that is
refused or unanswered is halved until the registers to blame are alone. Nothing is written to the
device. ``collectors.technician.recording`` makes a dump, ``collectors.simulator.replay`` serves it.

Schema ``mbdump/1``: ``place``, ``unit``, ``profile``, ``meter``, ``began``, and ``samples``, each
with the seconds after the first, the ``blocks`` (function code, address, words in hexadecimal,
milliseconds) and the ``failures``. Failures of the first sample are lasting ones, those of a later
sample belong to it alone; a register that no sample has was never asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from paes.config_file import read_yaml
from paes.errors import ConfigError, DataError
from paes.schema import ConfigModel

__all__ = ["Asked", "Dump", "Failure", "RecordedBlock", "Sample", "load_dump", "parse_range"]

LAST_ADDRESS = 0xFFFF
MOST_REGISTERS = 125


def _from_hex(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return tuple(int(word, 16) for word in value.split())
    except ValueError as err:
        raise ValueError(f"words {value!r}; expected hexadecimal, e.g. '436A 0000'") from err


Word = Annotated[int, Field(ge=0, le=0xFFFF)]
Words = Annotated[
    tuple[Word, ...],
    BeforeValidator(_from_hex),
    PlainSerializer(lambda words: " ".join(f"{word:04X}" for word in words)),
]
FunctionCode = Literal[3, 4]
Address = Annotated[int, Field(ge=0, le=LAST_ADDRESS)]
Milliseconds = Annotated[float, Field(ge=0)]


class Asked(ConfigModel):
    """Registers ``[address, address + count)`` of one kind."""

    fc: FunctionCode
    address: Address
    count: Annotated[int, Field(ge=1, le=LAST_ADDRESS + 1)]

    @property
    def registers(self) -> range:
        """Their addresses."""
        return range(self.address, self.address + self.count)

    @model_validator(mode="after")
    def _fits(self) -> Asked:
        if self.address + self.count > LAST_ADDRESS + 1:
            raise ValueError(f"{self.count} registers from {self.address} go beyond {LAST_ADDRESS}")
        return self


class RecordedBlock(ConfigModel):
    """The words of one answer."""

    fc: FunctionCode
    address: Address
    words: Annotated[Words, Field(min_length=1, max_length=MOST_REGISTERS)]
    latency_ms: Milliseconds | None = None


class Failure(Asked):
    """A request without words: an exception, silence, a closed connection, a bad answer."""

    outcome: Literal["exception", "silent", "closed", "bad_reply"]
    exception: Annotated[int, Field(ge=1, le=255)] | None = None
    latency_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _is_told(self) -> Failure:
        if (self.outcome == "exception") != (self.exception is not None):
            raise ValueError("an outcome of 'exception' has its number, and no other has one")
        return self


class Sample(ConfigModel):
    """One pass over the registers."""

    after_s: Annotated[float, Field(ge=0)]
    blocks: tuple[RecordedBlock, ...] = ()
    failures: tuple[Failure, ...] = ()


class Dump(ConfigModel):
    """Everything one unit answered."""

    schema_version: Literal["mbdump/1"] = Field(default="mbdump/1", alias="schema")
    place: str
    unit: Annotated[int, Field(ge=0, le=255)]
    profile: str | None = None
    meter: str | None = None
    began: AwareDatetime
    note: str | None = None
    samples: tuple[Sample, ...] = Field(min_length=1)

    @property
    def registers(self) -> int:
        """How many registers were answered at least once."""
        return len({(b.fc, b.address + i) for b in self._blocks() for i in range(len(b.words))})

    @property
    def latencies_ms(self) -> list[float]:
        """Of all answers, sorted."""
        return sorted(b.latency_ms for b in self._blocks() if b.latency_ms is not None)

    def write(self, path: Path) -> None:
        """To a file: JSON if it is called so, else YAML. DataError if it cannot be written."""
        text = self._json() if path.suffix == ".json" else "".join(self._yaml())
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as err:
            raise DataError(f"{path}: cannot be written: {err.strerror or err}") from err

    @field_validator("samples")
    @classmethod
    def _in_order(cls, samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        times = [s.after_s for s in samples]
        if times != sorted(times):
            raise ValueError(f"samples after {times} s; expected ascending times")
        return samples

    def _blocks(self) -> Iterator[RecordedBlock]:
        return (block for sample in self.samples for block in sample.blocks)

    def _plain(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def _json(self) -> str:
        return json.dumps(self._plain(), indent=1, ensure_ascii=False) + "\n"

    def _yaml(self) -> Iterator[str]:
        """One line a block, so that two dumps can be compared; every value as JSON writes it."""
        plain = self._plain()
        samples = plain.pop("samples")
        for key, value in plain.items():
            yield f"{key}: {json.dumps(value, ensure_ascii=False)}\n"
        yield "samples:\n"
        for sample in samples:
            yield f"  - after_s: {sample['after_s']}\n"
            for part in ("blocks", "failures"):
                if sample[part]:
                    yield f"    {part}:\n"
                    yield from (f"      - {json.dumps(item)}\n" for item in sample[part])


def load_dump(path: Path) -> Dump:
    """The dump in a file; ConfigError with file, line and key for what is wrong in it.

    DataError for a file of another kind.
    """
    try:
        return read_yaml(path, Dump)
    except ConfigError as err:
        if path.is_file() and b"mbdump/" not in path.read_bytes():
            message = "not a recording of a device: nothing in it says schema: mbdump/1"
            raise DataError(f"{path}: {message}") from err
        raise


def parse_range(text: str) -> Asked:
    """``fc:start-end``, zero-based and both ends included, e.g. ``4:0-99``; DataError otherwise."""
    code, _, span = text.partition(":")
    first, _, last = span.partition("-")
    if not (code in ("3", "4") and first.isdigit() and (last or first).isdigit()):
        raise DataError(f"range {text!r}; expected FC:START-END, e.g. 4:0-99 (FC 3 or 4)")
    start, end = int(first), int(last or first)
    if not start <= end <= LAST_ADDRESS:
        raise DataError(f"range {text!r}; expected START <= END <= {LAST_ADDRESS}")
    return Asked(fc=3 if code == "3" else 4, address=start, count=end - start + 1)
