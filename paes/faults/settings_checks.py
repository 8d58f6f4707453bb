"""Reading ``faults.yaml``: do its rules, parameters, sites and meters exist, and make sense."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paes.config_file import Location, Parsed, attempt, explain, parse
from paes.faults.rule import Rule
from paes.faults.rule_table import RULES
from paes.faults.settings import FILE, FaultSettings
from paes.installation import some


def read_settings(
    root: Path, sites: Collection[str], meters: Collection[str], problems: list[str]
) -> FaultSettings:
    """The settings of the installation at ``root``; every problem of the file is noted."""
    path = root / FILE
    parsed = attempt(problems, parse, path, FaultSettings) if path.is_file() else None
    if parsed is None:
        return FaultSettings()
    problems += _rule_problems(parsed, root)
    problems += _exemption_problems(parsed, sites, meters)
    return parsed.value


def _rule_problems(parsed: Parsed[FaultSettings], root: Path) -> Iterator[str]:
    known = {rule.id: rule for rule in RULES}
    for name, settings in parsed.value.rules.items():
        if name not in known:
            yield _unknown(parsed, ("rules", name), "rule", name, known)
        elif settings.parameters:
            yield from _parameter_problems(parsed, known[name], dict(settings.parameters), root)


def _parameter_problems(
    parsed: Parsed[FaultSettings], rule: Rule[Any], own: dict[str, Any], root: Path
) -> Iterator[str]:
    here: Location = ("rules", rule.id, "parameters")
    shipped = attempt([], rule.file, root)
    if shipped is None:  # told by whoever reads the rule's own file
        return
    usual = shipped.parameters.model_dump()
    for name in sorted(own.keys() - usual.keys()):
        yield _unknown(parsed, (*here, name), "parameter", name, usual)
    try:
        rule.parameters.model_validate(usual | {k: v for k, v in own.items() if k in usual})
    except ValidationError as err:
        for error in err.errors():
            yield parsed.tree.problem((*here, *error["loc"]), explain(error))


def _exemption_problems(
    parsed: Parsed[FaultSettings], sites: Collection[str], meters: Collection[str]
) -> Iterator[str]:
    rules = [rule.id for rule in RULES]
    for i, exemption in enumerate(parsed.value.exemptions):
        here: Location = ("exemptions", i)
        if exemption.site is not None and exemption.site not in sites:
            yield _unknown(parsed, (*here, "site"), "site", exemption.site, sites)
        if exemption.meter is not None and exemption.meter not in meters:
            yield _unknown(parsed, (*here, "meter"), "meter", exemption.meter, meters)
        for n, name in enumerate(exemption.rules):
            if name not in rules:
                yield _unknown(parsed, (*here, "rules", n), "rule", name, rules)


def _unknown(
    parsed: Parsed[FaultSettings], here: Location, what: str, name: str, known: Collection[str]
) -> str:
    return parsed.tree.problem(here, f"no {what} {name!r}; there is {some(known, near=name)}")
