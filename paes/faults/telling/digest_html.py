"""A digest as HTML that mail programs show: tables, inline styles, no picture to be loaded.

Bars are cells of a table with a height and a colour, which Outlook draws as well. Everything that
comes from names and readings is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from paes.faults.telling.digest_parts import Bar, Entry, Outline, Part

MOST_CHARACTERS = 95_000
"""Gmail cuts what is above 102 kB."""
HEIGHT_PX = 64
"""Of the highest bar."""
INK, SOFT, LINE, PAPER = "#1b2733", "#52606d", "#d5dbe1", "#ffffff"
USUAL, BEYOND, SHORT, CLOSED = "#8a97a6", "#c0392b", "#e8ecf0", "#1e7d4f"
FONT = "font-family:Arial,Helvetica,sans-serif;"
_TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0"'


def html(outline: Outline) -> str:
    """The whole document, with as many pictures as there is room for, of the first cases first."""
    room = MOST_CHARACTERS - len(_document(outline, {}))
    pictures: dict[str, str] = {}
    for entry in (entry for part in outline.parts for entry in part.entries):
        drawn = _picture(entry)
        if len(drawn) > room:
            break
        room -= len(drawn)
        pictures[entry.id] = drawn
    return _document(outline, pictures)


def _document(outline: Outline, pictures: Mapping[str, str]) -> str:
    rows = [
        _row(f'<h1 style="margin:0;font-size:20px;color:{INK}">{escape(outline.subject)}</h1>'),
        _row(_paragraph(outline.intro, SOFT)),
    ]
    if outline.warning:
        rows.append(_row(_paragraph(outline.warning, BEYOND, bold=True)))
    if outline.total:
        rows.append(_row(_paragraph(outline.total, INK, bold=True)))
    rows += [_part(part, pictures) for part in outline.parts]
    if outline.others:
        rows.append(_row(_paragraph(outline.others, INK)))
    if outline.page:
        rows.append(_row(_link(outline.page, outline.open_page)))
    rows.append(_row(_paragraph(outline.why, SOFT, size_px=12)))
    return (
        f'<!DOCTYPE html>\n<html lang="{outline.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(outline.subject)}</title></head>\n"
        f'<body style="margin:0;padding:0;background:{SHORT};{FONT}">\n'
        f'<table {_TABLE} width="100%" style="background:{SHORT}"><tr>'
        '<td align="center" style="padding:16px 8px">\n'
        f'<table {_TABLE} width="640" style="width:100%;max-width:640px;background:{PAPER};'
        f'border:1px solid {LINE}">\n' + "\n".join(rows) + "\n</table>\n</td></tr></table>\n"
        "</body></html>\n"
    )


def _part(part: Part, pictures: Mapping[str, str]) -> str:
    heading = (
        f'<h2 style="margin:8px 0 0;font-size:16px;color:{INK};'
        f'border-bottom:2px solid {INK};padding-bottom:4px">{escape(part.heading)}</h2>'
    )
    return "\n".join([_row(heading), *(_entry(e, pictures.get(e.id, "")) for e in part.entries)])


def _entry(entry: Entry, picture: str) -> str:
    colour = CLOSED if entry.is_closed else BEYOND
    title = (
        f'<h3 style="margin:0;font-size:16px;color:{colour}">{escape(entry.title)}</h3>'
        f'<p style="margin:2px 0 8px;font-size:14px;color:{INK}"><b>{escape(entry.place)}</b></p>'
    )
    says = _paragraph(entry.says, INK) if entry.says else ""
    facts = "".join(_fact(label, value) for label, value in entry.facts)
    table = f'<table {_TABLE} width="100%" style="margin-top:8px">{facts}</table>' if facts else ""
    number = f'<p style="margin:6px 0 0;font-size:11px;color:{SOFT}">{escape(entry.id)}</p>'
    frame = f"border-left:4px solid {colour};padding:2px 0 2px 12px"
    return _row(f'<div style="{frame}">{title}{says}{picture}{table}{number}</div>')


def _fact(label: str, value: str) -> str:
    style = "font:13px/18px Arial,sans-serif;padding:3px 0;vertical-align:top"
    return (
        f'<tr><td width="136" style="{style};color:{SOFT}">{escape(label)}</td>'
        f'<td style="{style};color:{INK}">{escape(value)}</td></tr>'
    )


def _picture(entry: Entry) -> str:
    if entry.drawing is None:
        return ""
    cells = "".join(_bar(bar) for bar in entry.drawing.bars)
    return (
        f'<table {_TABLE} aria-hidden="true" height="{HEIGHT_PX}" style="margin-top:10px;'
        f'height:{HEIGHT_PX}px;border-bottom:1px solid {SOFT}"><tr>{cells}</tr></table>'
        + _paragraph(entry.caption, SOFT, size_px=11)
    )


def _bar(bar: Bar) -> str:
    """Short of usual on top, then beyond it, then what is usual."""
    levels = [(bar.short, SHORT), (bar.beyond, BEYOND), (bar.usual, USUAL)]
    rows = [(round(HEIGHT_PX * part), colour) for part, colour in levels]
    told = "".join(_level(px, colour) for px, colour in rows if px)
    inner = f'<table cellpadding="0" cellspacing="0" width="6">{told}</table>' if told else ""
    return f'<td width="7" valign="bottom">{inner}</td>'


def _level(px: int, colour: str) -> str:
    """A cell; without the tiny letter Outlook makes it a line high."""
    return f'<tr><td height="{px}" bgcolor="{colour}" style="font:1px/1px Arial">&nbsp;</td></tr>'


def _paragraph(text: str, colour: str, bold: bool = False, size_px: int = 14) -> str:
    weight = "font-weight:bold;" if bold else ""
    return (
        f'<p style="margin:4px 0 0;font-size:{size_px}px;line-height:1.4;{weight}color:{colour}">'
        f"{escape(text)}</p>"
    )


def _link(address: str, text: str) -> str:
    return (
        f'<p style="margin:4px 0"><a href="{escape(address)}" style="color:#0b5cad;'
        f'font-size:14px">{escape(text)}</a></p>'
    )


def _row(content: str) -> str:
    return f'<tr><td style="padding:8px 20px;{FONT}">{content}</td></tr>'
