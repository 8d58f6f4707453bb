"""What is wrong with a store on an InfluxDB server, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paes.errors import StoreError
from paes.store.influx.lines import FIRST_S, LAST_S, point_of
from paes.store.influx.link import InfluxLink
from paes.store.influx.questions import BY_POINT, REGISTER, Question, ask

_KINDS = {
    "reading": {"value": "integer", "quality": "integer"},
    "point": {"known": "integer"},
    "event": {"end": "integer", "message": "string", "facts": "string"},
    "event_long": {"end": "integer", "message": "string", "facts": "string"},
    "label": {"value": "string"},
    "touch": {"token": "integer", "open": "integer", "at": "integer"},
    "energy_day": {
        "measured": "float", "catch_up": "float", "covered_s": "float", "needs_from": "integer",
        "needs_to": "integer", "seal": "integer", "gaps": "string", "shape": "string",
    },
    "energy_month": {
        "measured": "float", "catch_up": "float", "covered_s": "float", "needs_from": "integer",
        "needs_to": "integer", "seal": "integer", "gaps": "string",
    },
}  # fmt: skip
"""What type each field has for ever, by measurement."""


def check(link: InfluxLink, class_buckets: Sequence[str], thorough: bool) -> list[str]:
    """Sentences about the store's own bucket and ``class_buckets``; none if all is well.

    Is each there, and can it be read by our token? ``thorough``: are all fields of the type that
    we write, and is every point with readings in the register of points?
    """
    said = []
    for bucket in (None, *class_buckets):
        try:
            link.query(REGISTER.statement(0, 1, 1), bucket)
            if thorough:
                said += [*_foreign_fields(link, bucket), *_unregistered(link, bucket)]
        except StoreError as err:
            said.append(str(err))
    return said


def _foreign_fields(link: InfluxLink, bucket: str | None) -> Iterator[str]:
    for measurement, kinds in _KINDS.items():
        for series in link.query(f'SHOW FIELD KEYS FROM "{measurement}"', bucket):
            for name, kind in series.rows:
                expected = kinds.get(str(name))
                if kind != expected:
                    yield (
                        f"{link.place(bucket)}: field {name} of {measurement} is {kind}, expected "
                        f"{expected or 'no such field'}: another program writes into this bucket"
                    )


def _unregistered(link: InfluxLink, bucket: str | None) -> Iterator[str]:
    known = {point_of(s.tags) for s in ask(link, REGISTER, 0, 1)}
    with_readings = Question("reading", '"value"', BY_POINT, bucket=bucket)
    for series in link.query(with_readings.statement(FIRST_S, LAST_S, 1), bucket):
        point = point_of(series.tags)
        if point not in known:
            yield (
                f"{link.place(bucket)}: {point} has readings and is not in the register of points:"
                " it was written by another program, or never acknowledged"
            )
