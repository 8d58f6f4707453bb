"""All that is known of one inventory as one document: what ``paes inventory --json`` prints.

The same document is in the report's folder.
"""

from __future__ import annotations

from paes.accounting.ledger import EnergyLedger
from paes.covenant_tables.template import Template, template
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.local_generation import local_generation
from paes.inventory.making import inventory_years, make_inventory
from paes.inventory.scope_bridge import scope_bridge
from paes.metering import Finding, Sector
from paes.plausibility.comparability import comparability_findings
from paes.plausibility.limits import limits
from paes.report.covenant_documents import bridge_document
from paes.report.documents import Document, finding_document
from paes.report.generation import generation_document
from paes.report.inventory_documents import inventory_document
from paes.report.supply_documents import supply_document
from paes.uncertainty.simulation import Draws


def inventory_report(
    city: City,
    made: Inventory,
    ledger: EnergyLedger,
    labels: dict[str, str],
    draws: Draws | None = None,
    base: Inventory | None = None,
) -> Document:
    """The inventory with its tables' codes, scope bridge, supply and comparability with ``base``.

    Without a base year's inventory ``comparability`` is None: nobody looked.
    """
    root = ledger.installation.root
    told = inventory_document(city, made, labels, draws)
    form = template(root)
    return {
        **told,
        "lines": [{**line, **_codes(form, line["sector"])} for line in told["lines"]],
        "comparability": compared_document(made, base, ledger),
        "scope_bridge": bridge_document(scope_bridge(made)),
        "local_generation": generation_document(local_generation(city, made.year, ledger)),
        "supply": supply_document(made.supply) if made.supply else None,
    }


def base_inventory(city: City, made: Inventory, ledger: EnergyLedger) -> Inventory | None:
    """The base year's inventory by the same method; None if there is none."""
    if made.year == made.method.base_year:
        return made
    if made.method.base_year not in inventory_years(city, ledger):
        return None
    return make_inventory(city, made.method.base_year, ledger, made.method)


def compared(made: Inventory, base: Inventory | None, ledger: EnergyLedger) -> list[Finding]:
    """What makes an inventory hard to compare with the base year's."""
    if base is None:
        return []
    return comparability_findings(base, made, limits(ledger.installation.root).comparability)


def compared_document(
    made: Inventory, base: Inventory | None, ledger: EnergyLedger
) -> list[Document] | None:
    """The same as plain data; None without a base year."""
    if base is None:
        return None
    return [finding_document(f) for f in compared(made, base, ledger)]


def _codes(form: Template, sector: str) -> Document:
    """The rows of tables A and B that a line is in; None where the template has none."""
    return {
        "code_a": form.code(Sector(sector), "A"),
        "code_b": form.code(Sector(sector), "B"),
    }
