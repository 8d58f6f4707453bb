"""The shipped installation, and files of which an installation may have its own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from pydantic import BaseModel

from paes.config_file import read_yaml

M = TypeVar("M", bound=BaseModel)


def shipped_config() -> Path:
    """The folder of the shipped installation: inside a wheel, else beside the packages."""
    here = Path(__file__).resolve().parent
    inside = here / "shipped"
    return inside if inside.is_dir() else here.parent / "config"


def own_or_shipped(root: Path, name: str) -> Path:
    """The file ``name`` of the installation at ``root``, else the shipped one."""
    own = root / name
    return own if own.is_file() else shipped_config() / name


def read_own_or_shipped(root: Path, name: str, model: type[M]) -> M:
    """What that file says, kept while it stays as it is; ConfigError if it is wrong."""
    path = own_or_shipped(root, name)
    return cast(M, _kept(path, path.stat().st_mtime_ns, model))


@lru_cache(maxsize=64)
def _kept(path: Path, _written_ns: int, model: type[BaseModel]) -> BaseModel:
    return read_yaml(path, model)
