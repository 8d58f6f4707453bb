"""The record of a visit as a page to print and sign, in Italian and in English.

Made from the record alone, so that it can be printed again from the file.
"""

from __future__ import annotations

from collections.abc import Mapping

from collectors.commissioning.record import Document

LANGUAGES = ("it", "en")

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("Verbale di messa in servizio", "Commissioning sheet"),
    "site": ("Sito", "Site"),
    "by": ("Tecnico", "Technician"),
    "at": ("Data e ora", "Date and time"),
    "result": ("Esito", "Result"),
    "accepted": ("ACCETTATO", "ACCEPTED"),
    "refused": ("NON ACCETTATO", "NOT ACCEPTED"),
    "meter": ("Contatore", "Meter"),
    "device": ("Apparecchio", "Device"),
    "where": ("Collegamento", "Connection"),
    "serial": ("Matricola", "Serial number"),
    "configured": ("in configurazione", "configured"),
    "words": ("Parole lette", "Words read"),
    "register": ("Registro", "Register"),
    "display": ("Display", "Display"),
    "difference": ("Differenza", "Difference"),
    "tolerance": ("ammessa", "allowed"),
    "ratio": ("Rapporto TA x TV", "CT x VT ratio"),
    "power": ("Potenza", "Power"),
    "verdict": ("Verdetto", "Verdict"),
    "findings": ("Rilievi", "Findings"),
    "paste": ("Da riportare in meters.yaml", "To paste into meters.yaml"),
    "signature": ("Firma del tecnico", "Technician's signature"),
    "owner": ("Firma per il Comune", "Signature for the municipality"),
    "agrees": ("concorda", "agrees"),
    "differs": ("NON concorda", "DIFFERS"),
    "not_compared": ("letto, non confrontato con il display", "read, not compared"),
    "not_read": ("NON LETTO", "NOT READ"),
    "file": (
        "Registrato da {software}; impronta del file (sha256): {sha256}",
        "Recorded by {software}; hash of the file (sha256): {sha256}",
    ),
}

# Finding -> what it means, in Italian; in English the finding's own sentence is printed.
_FINDINGS_IT: Mapping[str, str] = {
    "not_read": "Il contatore non risponde.",
    "too_small": "Il display segna troppo poco per distinguere un rapporto giusto da uno errato: "
    "tornare quando avrà contato.",
    "serial": "La matricola letta non è quella in configurazione: è il contatore giusto?",
    "phase_reversed": "La potenza scorre al contrario in una fase: TA girato o fase scambiata?",
    "power_reversed": "La potenza è negativa: è giusto solo se un impianto immette in rete.",
    "above_rating": "La potenza supera quella nominale: rapporto TA o potenza nominale errati.",
    "ct_twice": "Rapporto TA applicato due volte: togliere ct_ratio se è già impostato nel "
    "contatore; se il display mostra valori secondari, usare --secondary.",
    "ct_missing": "Rapporto TA non applicato: confrontare la targa dei TA con il contatore.",
    "ct_ratio": "Rapporto TA errato o mancante: leggere la targa dei TA.",
    "unit": "L'unità del registro non è quella del profilo (Wh, kWh, MWh, GJ …).",
    "decimals": "Una cifra decimale persa o in più: correggere scale nel profilo.",
    "word_order": "Ordine delle parole errato nel profilo.",
    "other_register": "Il display mostra un altro registro dello stesso apparecchio.",
    "other_meter": "Il display mostra quanto conta un altro contatore: indirizzi scambiati?",
    "initial_reading": "Il totalizzatore e gli impulsi non partono dalla stessa lettura.",
    "moment": "Display e registro sono vicini ma non uguali: letti nello stesso momento?",
    "differs": "Nessun errore comune spiega la differenza: è il contatore giusto?",
}


def sheet(document: Document, language: str) -> str:
    """The page in ``language`` (it, en), as Markdown that is also readable as it is."""
    say = _texts(language)
    lines = [
        f"# {say['title']}: {document['site_name']}",
        "",
        f"- {say['site']}: {document['site']}",
        f"- {say['by']}: {document['by']}",
        f"- {say['at']}: {_time(document['at'])}",
        f"- {say['result']}: **{say['accepted' if document['accepted'] else 'refused']}**",
    ]
    for entry in document["meters"]:
        lines += ["", *_meter_lines(entry, say, language)]
    lines += [
        "",
        f"{say['signature']} ({document['by']}): ______________________________",
        "",
        f"{say['owner']}: ______________________________",
        "",
        say["file"].format(software=document["software"], sha256=document["sha256"]),
        "",
    ]
    return "\n".join(lines)


def _meter_lines(entry: Document, say: Mapping[str, str], language: str) -> list[str]:
    register, serial, display = entry["register"], entry["serial"], entry["display"]
    before, unit = register["before"], register["unit"]
    configured = f"{say['configured']}: {serial['configured'] or '-'}"
    difference = "-"
    if entry["difference"] is not None:
        allowed = f"({say['tolerance']} ±{_number(entry['tolerance'])} {unit})"
        difference = f"{_number(entry['difference'])} {unit} {allowed}"
    rows = [
        ("device", entry["device"]),
        ("where", f"{entry['gateway']} ({entry['place']}), {entry['address']}"),
        ("serial", f"{serial['device'] or '-'} ({configured})"),
        ("ratio", f"{entry['ct_ratio']:g} x {entry['vt_ratio']:g}"),
        ("words", f"{' '.join(register['words']) or '-'} = {register['device_value'] or '-'}"),
        ("register", f"{_number(before['value'])} {unit}, {_time(before['at'])}"),
        ("display", display["text"] if display else "-"),
        ("difference", difference),
        ("power", "-" if entry["power_w"] is None else f"{_number(entry['power_w'])} W"),
        ("verdict", f"**{say[entry['verdict']]}**"),
    ]
    lines = [f"## {say['meter']} {entry['meter']}", "", "| | |", "|---|---|"]
    lines += [f"| {say[key]} | {value} |" for key, value in rows]
    if entry["findings"]:
        lines += ["", f"{say['findings']}:", ""]
        lines += [f"- {_finding(f, language)} (`{f['name']}`)" for f in entry["findings"]]
    if "paste" in entry:
        lines += ["", f"{say['paste']}:", "", "```yaml", entry["paste"], "```"]
    return lines


def _finding(finding: Mapping[str, str], language: str) -> str:
    short = finding["name"].removeprefix("commission.")
    return _FINDINGS_IT.get(short, finding["message"]) if language == "it" else finding["message"]


def _texts(language: str) -> dict[str, str]:
    column = LANGUAGES.index(language)
    return {key: texts[column] for key, texts in _TEXTS.items()}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.10g}"


def _time(text: str) -> str:
    return text.replace("T", " ")
