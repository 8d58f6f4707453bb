"""The record of a commissioning visit: a YAML file that cannot be changed unnoticed.

Schema ``commissioning/1``. It holds who compared what, when, with which words on the wire, and what
came of it. ``sha256`` is taken over everything else in the file (as JSON, keys sorted, no spaces),
so that a later change shows; it proves nothing about who made the file, which the signature on the
printed sheet does (``collectors.commissioning.sheet``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import yaml

from collectors.commissioning.judgement import Judgement, Seen
from paes import __version__
from paes.errors import DataError
from paes.gateways import Gateway
from paes.metering import Site
from paes.meters import FieldMeter

SCHEMA = "commissioning/1"
Document = dict[str, Any]


def document_of(
    site: Site,
    by: str,
    at: datetime,
    zone: tzinfo,
    judged: Iterable[tuple[Judgement, Gateway, str | None]],
) -> Document:
    """The record as plain values, hash included; times are local, with their offset.

    ``judged`` has for each meter its gateway and a line to paste into ``meters.yaml``, if any.
    """
    meters = [_meter_entry(j, gateway, paste, zone) for j, gateway, paste in judged]
    document: Document = {
        "schema": SCHEMA,
        "site": site.id,
        "site_name": site.name,
        "by": by,
        "at": _local(at, zone),
        "software": f"paes-monitor {__version__}",
        "accepted": bool(meters) and all(m["accepted"] for m in meters),
        "meters": meters,
    }
    return {**document, "sha256": digest(document)}


def digest(document: Document) -> str:
    """The hash of everything in ``document`` but ``sha256`` itself."""
    rest = {k: v for k, v in document.items() if k != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write_record(document: Document, path: Path) -> None:
    """Write ``document`` as YAML; DataError if the file is there already or cannot be written."""
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as err:
        raise DataError(f"{path}: is there already; a record is never written over") from err
    except OSError as err:
        raise DataError(f"{path}: cannot be written: {err.strerror}") from err


def read_record(path: Path) -> Document:
    """The record at ``path``; DataError if it is none, or was changed since it was written."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise DataError(f"{path}: cannot be read: {err.strerror}") from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        raise DataError(f"{path}: not a commissioning record: no YAML") from err
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        seen = document.get("schema") if isinstance(document, dict) else None
        raise DataError(f"{path}: schema {seen!r}, expected {SCHEMA!r}")
    try:
        found = digest(document)
    except TypeError as err:
        raise DataError(f"{path}: was changed: it holds what no record holds") from err
    if found != document.get("sha256"):
        raise DataError(
            f"{path}: was changed after it was written: its hash is {found[:12]}…, expected "
            f"{str(document.get('sha256'))[:12]}…"
        )
    return document


def _meter_entry(judged: Judgement, gateway: Gateway, paste: str | None, zone: tzinfo) -> Document:
    meter, display = judged.meter, judged.display
    entry: Document = {
        "meter": meter.id,
        "name": meter.name,
        "device": meter.device,
        "gateway": gateway.id,
        "place": gateway.place,
        "address": _address(meter),
        "serial": {"configured": meter.serial, "device": judged.before.serial},
        "ct_ratio": meter.ct_ratio,
        "vt_ratio": meter.vt_ratio,
        "register": {
            "point": judged.register.point,
            "unit": judged.register.unit,
            "words": [f"{w:04X}" for w in judged.before.words],
            "device_value": judged.before.device_value or None,
            "before": _reading(judged.before, zone),
            "after": _reading(judged.after, zone) if judged.after else None,
        },
        "power_w": judged.before.power_w,
        "display": None,
        "difference": judged.difference,
        "tolerance": judged.tolerance,
        "verdict": judged.verdict.value,
        "accepted": judged.is_accepted,
        "findings": [{"name": f.name, "message": f.message} for f in judged.findings],
    }
    if display is not None:
        at = _local(display.at, zone) if display.at else None
        entry["display"] = {"text": display.text, "value": display.value, "at": at}
    if paste is not None:
        entry["paste"] = paste
    return entry


def _address(meter: FieldMeter) -> str | int:
    return meter.topic or meter.secondary_address or meter.unit


def _reading(seen: Seen, zone: tzinfo) -> Document:
    return {"at": _local(seen.at, zone), "value": seen.value}


def _local(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
