"""Programs of others that a test talks to: where they are, or which Debian package has them.

A test that misses one is skipped with a line that names the package; with
``PAES_REQUIRE_SERVERS=1`` (continuous integration) every skip is a failure (see ``conftest``).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

INCLUDE_FOLDERS = (Path("/usr/include"), Path("/usr/local/include"))


def require_program(name: str, package: str) -> str:
    """The path of the program ``name``, or a skipped test that says what to install."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.skip(f"no program {name}: apt-get install {package}")
    return path


def require_header(name: str, package: str) -> Path:
    """The C header ``name`` (``modbus/modbus.h``), or a skipped test that says what to install."""
    for folder in INCLUDE_FOLDERS:
        if (folder / name).is_file():
            return folder / name
    pytest.skip(f"no header {name}: apt-get install {package}")
