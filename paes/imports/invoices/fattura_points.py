"""Which supply point (POD, PDR) each line of an electronic invoice is about.

In order: what the line itself says (a note of its kind, its text), a reference of the document that
names the line, the only point that the document names at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paes.imports.batch import Context
from paes.imports.invoices.bill_words import BillWords, has_word, plain_text
from paes.imports.invoices.fattura_xml import Invoice, Line, Note, Reference

_POD = re.compile(r"(?<![A-Z0-9])IT\d{3}E[A-Z0-9]{8,9}(?![A-Z0-9])")
_AFTER_POD = re.compile(r"\bPOD\b[^A-Z0-9]{0,3}(?:N\.?\s*)?([A-Z0-9][A-Z0-9.\-]{11,18})")
_AFTER_PDR = re.compile(r"\bPDR\b[^A-Z0-9]{0,3}(?:N\.?\s*)?(\d[\d.\- ]{12,20}\d)")
_FOURTEEN = re.compile(r"(?<!\d)\d{14}(?!\d)")


@dataclass(frozen=True)
class Point:
    """A supply point as the invoice writes it."""

    pod: str | None = None
    pdr: str | None = None


def points_of_lines(
    invoice: Invoice, words: BillWords, context: Context
) -> tuple[dict[Point | None, list[Line]], list[Line]]:
    """The lines by supply point, and those of which it cannot be told."""
    known = {m.pdr for m in context.installation.meters.values() if m.pdr}
    own = {line.number: _of_line(line, words, known) for line in invoice.lines}
    general = _of_document(invoice, known)
    everywhere = set().union(*own.values(), *general.values())
    only = everywhere if len(everywhere) == 1 else set[Point]()
    found: dict[Point | None, list[Line]] = {}
    homeless: list[Line] = []
    for line in invoice.lines:
        points = own[line.number] or general.get(line.number, set()) or general[None] or only
        if len(points) == 1:
            found.setdefault(next(iter(points)), []).append(line)
        else:
            homeless.append(line)
    return found, homeless


def _of_line(line: Line, words: BillWords, known: set[str]) -> set[Point]:
    told = {point for note in line.notes for point in _of_note(note, words)}
    return told or set(_in_text(line.words, known))


def _of_note(note: Note, words: BillWords) -> Iterator[Point]:
    """A note that calls itself POD or PDR; a typing error in it is for the meters to tell."""
    kinds = [kind for kind, named in words.supply_points.items() if has_word(note.kind, named)]
    if not kinds or not note.text:
        return
    plain = re.sub(r"[\s.\-]", "", note.text)
    if plain.isdigit() if len(kinds) > 1 else kinds == ["pdr"]:
        yield Point(pdr=note.text)
    else:
        yield Point(pod=note.text)


def _of_document(invoice: Invoice, known: set[str]) -> dict[int | None, set[Point]]:
    """What references and causes name: by line, None for all."""
    found: dict[int | None, set[Point]] = {None: set()}
    for reference in invoice.references:
        points = set(_in_text(_words(reference), known))
        for number in reference.lines or (None,):
            found.setdefault(number, set()).update(points)
    for cause in invoice.causes:
        found[None].update(_in_text(cause, known))
    return found


def _words(reference: Reference) -> str:
    return " ".join([reference.document, *reference.codes])


def _in_text(text: str, known: Iterable[str]) -> Iterator[Point]:
    """Points by their form, or behind the words POD and PDR."""
    upper = plain_text(text).upper()
    pods = [*_POD.findall(upper), *_AFTER_POD.findall(upper)]
    yield from (Point(pod=pod.rstrip(".-")) for pod in dict.fromkeys(pods))
    pdrs = [*_AFTER_PDR.findall(upper), *(n for n in _FOURTEEN.findall(upper) if n in set(known))]
    yield from (Point(pdr=re.sub(r"[.\- ]", "", pdr)) for pdr in dict.fromkeys(pdrs))
