"""The Modbus profiles that ship with the product, for tests over all of them."""

from __future__ import annotations

from pathlib import Path

from collectors.devices.profile import DeviceProfile, load_profile

FOLDER = Path(__file__).parents[2] / "config" / "devices"
FILES = sorted(p for p in FOLDER.glob("*.yaml") if "\nschema: mbdev/1\n" in f"\n{p.read_text()}")


def shipped(name: str) -> DeviceProfile:
    """The shipped profile called ``name``."""
    return load_profile(FOLDER / f"{name}.yaml")
