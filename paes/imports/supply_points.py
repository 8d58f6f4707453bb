"""Meters by the number of their supply point: POD of electricity, PDR of gas.

People write them in small letters, with blanks, dots and hyphens, and with or without the 15th
character that controls a POD. A number that is nearly one of ours is named in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from paes.errors import DataError
from paes.imports.batch import Context
from paes.metering import Evidence, Measures
from paes.meters import ImportedMeter, Meter

POD_LENGTH = 14
"""Without the character that may follow."""
PDR_LENGTH = 14
_POD = re.compile(r"IT\d{3}E[A-Z0-9]{8}[A-Z0-9]?")
_PDR = re.compile(r"\d{14}")
_NEAR = 0.85
"""Two wrong characters of fourteen, or two that are exchanged."""
_LIKE_DIGITS = str.maketrans("OQDILSBZ", "00011582")
"""Letters that are read or typed for a digit."""


def plain_pod(text: str) -> str:
    """``it 001 e-1234.5678`` as ``IT001E12345678``; of 15 characters the first 14.

    DataError if it has not the form of a POD.
    """
    plain = _plain(text)
    if not _POD.fullmatch(plain):
        raise DataError(
            f"POD {text!r} is not well-formed; expected IT, 3 digits, E and 8 characters, such as"
            " IT001E12345678"
        )
    return plain[:POD_LENGTH]


def plain_pdr(text: str) -> str:
    """The 14 digits of a PDR; DataError if it has not that form."""
    plain = _plain(text)
    if not _PDR.fullmatch(plain):
        raise DataError(f"PDR {text!r} is not well-formed; expected 14 digits")
    return plain


def meter_of_pod(
    context: Context,
    text: str,
    measures: Measures = Measures.WITHDRAWAL,
    evidence: Evidence | None = None,
) -> Meter:
    """The meter at the POD ``text`` that measures what the file brings.

    Of several with one POD: the one named by the person, else the imported one that brings
    ``evidence``, else the only one that is not a part of another. DataError if there is none
    (with the nearest that is known), or several.
    """
    pod = plain_pod(text)
    known = {m.id: plain_pod(m.pod) for m in context.installation.meters.values() if m.pod}
    return _chosen(context, "POD", pod, known, measures, evidence)


def meter_of_pdr(context: Context, text: str, evidence: Evidence | None = None) -> Meter:
    """The gas meter at the PDR ``text``; chosen and refused as by ``meter_of_pod``."""
    pdr = plain_pdr(text)
    known = {m.id: m.pdr for m in context.installation.meters.values() if m.pdr}
    return _chosen(context, "PDR", pdr, known, Measures.WITHDRAWAL, evidence)


def _plain(text: str) -> str:
    return re.sub(r"[\s.\-_/]", "", text).upper()


def _chosen(
    context: Context,
    what: str,
    number: str,
    known: dict[str, str],
    measures: Measures,
    evidence: Evidence | None,
) -> Meter:
    meters = context.installation.meters
    there = [meters[meter] for meter, of in known.items() if of == number]
    if context.meter:
        return _named(context, what, number, known, there)
    if not there:
        raise DataError(f"{what} {number} is of no meter{_nearest(what, number, known)}")
    fitting = [m for m in there if m.measures is measures]
    if not fitting:
        raise DataError(
            f"{what} {number} has no meter that measures {measures}; it has"
            f" {_described(there)}: add one to imported_meters in meters.yaml"
        )
    brings = [m for m in fitting if isinstance(m, ImportedMeter) and m.brings is evidence]
    for some in (fitting, brings):
        if len(some) == 1:
            return some[0]
    raise DataError(
        f"{what} {number} is of several meters ({_described(brings or fitting)}); say which with"
        " --meter"
    )


def _named(
    context: Context, what: str, number: str, known: dict[str, str], there: list[Meter]
) -> Meter:
    """The meter that the person named, if the number does not contradict it."""
    meter = context.installation.meter(context.meter or "")
    own = known.get(meter.id)
    if own is not None and own != number:
        other = f"; {number} is of {_described(there)}" if there else ""
        raise DataError(f"meter {meter.id} has {what} {own}, the file is of {number}{other}")
    return meter


def _nearest(what: str, number: str, known: dict[str, str]) -> str:
    as_digits = number[:2] + number[2:].translate(_LIKE_DIGITS)
    near = [n for n in known.values() if n[:2] + n[2:].translate(_LIKE_DIGITS) == as_digits]
    near = near[:1] or get_close_matches(number, known.values(), n=1, cutoff=_NEAR)
    if near:
        of = ", ".join(sorted(meter for meter, one in known.items() if one == near[0]))
        return f"; nearest is {near[0]} of {of}: a typing error?"
    return f"; expected the {what} of a meter in meters.yaml"


def _described(meters: Iterable[Meter]) -> str:
    return ", ".join(f"{m.id} ({m.measures})" for m in meters)
