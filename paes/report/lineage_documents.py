"""Passports of figures as plain data: formula, inputs, factor, coverage, findings, sources."""

from __future__ import annotations

from paes.lineage.figure import Figure, Input
from paes.lineage.walking import Checked, Node
from paes.report.documents import Document, finding_document, finite
from paes.report.inventory_documents import factor_document


def node_document(node: Node) -> Document:
    """A figure with everything that was opened below it; what stays closed is told as an input."""
    if node.figure is None:
        assert node.role is not None  # what is closed is an input
        return input_document(node.role)
    one = node.role
    role = (
        {
            "role": one.role,
            "weight": one.weight,
            "counted": finite(one.value),
            "counted_unit": one.unit,
        }
        if one
        else {}
    )
    children = [node_document(child) for child in node.children]
    return {**role, **figure_document(node.figure), "inputs": children}


def figure_document(figure: Figure) -> Document:
    """A figure by itself, with its inputs by their ids."""
    formula, bounds, amounts = figure.formula, figure.bounds, figure.amounts
    return {
        "id": figure.id,
        "title": figure.title,
        "value": figure.value,
        "unit": figure.unit,
        "formula": formula.text if formula else None,
        "formula_name": formula.name if formula else None,
        "formula_version": formula.version if formula else None,
        "formula_source": formula.source if formula else None,
        "low": finite(bounds[0]) if bounds else None,
        "high": finite(bounds[1]) if bounds else None,
        "coverage": figure.coverage,
        "measured_kwh": amounts.measured_kwh if amounts else None,
        "estimated_kwh": amounts.estimated_kwh if amounts else None,
        "missing_low_kwh": finite(amounts.missing_low_kwh) if amounts else None,
        "missing_high_kwh": finite(amounts.missing_high_kwh) if amounts else None,
        "method": dict(figure.method),
        "factor": factor_document(figure.factor) if figure.factor else None,
        "findings": [finding_document(found) for found in figure.findings],
        "sources": [
            {"kind": one.kind, "text": one.text, "place": one.place} for one in figure.sources
        ],
        "assumed": figure.assumed,
        "note": figure.note,
        "inputs": [input_document(one) for one in figure.inputs],
    }


def input_document(one: Input) -> Document:
    """What a figure is made of, by its id."""
    return {
        "role": one.role,
        "id": one.id,
        "value": finite(one.value),
        "unit": one.unit,
        "weight": one.weight,
    }


def checked_document(checked: Checked) -> Document:
    """What came of working figures out again."""
    return {
        "figures": checked.figures,
        "days_made_of_reads": checked.days,
        "equal": checked.equal,
        "wrong": list(checked.wrong),
    }
