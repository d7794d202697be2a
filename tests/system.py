"""The programs that the suite drives and that Python's packages do not bring.

``python -m tests.system`` installs those that are missing where it may (Debian, as root) and
says what it left out; in continuous integration (CI=true) leaving anything out is a failure.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

# Somebody else may be installing at this moment.
_PATIENT = ("-o", "DPkg::Lock::Timeout=300")


def _newest_postgres() -> Path | None:
    """The folder of PostgreSQL's server programs, which Debian keeps out of the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    on_path = shutil.which("initdb")
    program = found[-1] if found else on_path and Path(on_path).resolve()
    return program.parent if program else None


def _program(*names: str) -> Callable[[], Path | None]:
    def find() -> Path | None:
        found = next(filter(None, map(shutil.which, names)), None)
        return Path(found) if found else None

    return find


def _dejavu() -> Path | None:
    return next(Path("/usr/share/fonts").glob("**/DejaVuSans.ttf"), None)


class Tool(NamedTuple):
    """Something to find on the machine, and the Debian package that brings it."""

    name: str
    package: str
    find: Callable[[], Path | None]


POSTGRESQL = Tool("PostgreSQL", "postgresql", _newest_postgres)
CHROMIUM = Tool("Chromium", "chromium", _program("chromium", "chromium-browser", "google-chrome"))
LIBREOFFICE = Tool("LibreOffice Calc", "libreoffice-calc", _program("soffice", "libreoffice"))
POPPLER = Tool("pdftotext", "poppler-utils", _program("pdftotext"))
FONT = Tool("the DejaVu font", "fonts-dejavu-core", _dejavu)
TOOLS = (POSTGRESQL, CHROMIUM, LIBREOFFICE, POPPLER, FONT)


def in_ci() -> bool:
    """Whether leaving something out is a failure."""
    return os.environ.get("CI") == "true"


def missing() -> list[Tool]:
    """Give the tools that are not on this machine."""
    return [tool for tool in TOOLS if tool.find() is None]


def _install(packages: list[str]) -> None:
    # Without a runlevel PostgreSQL's package starts no server: the suite starts its own.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (
        ["apt-get", "-q", "update"],
        ["apt-get", "-qy", *_PATIENT, "install", "--no-install-recommends", *packages],
    ):
        print("$", *command, flush=True)
        if subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, check=False).returncode:
            return


def main() -> int:
    """Install what is missing where that is allowed, and say what is left out."""
    absent = missing()
    if absent and os.geteuid() == 0 and shutil.which("apt-get"):
        _install([tool.package for tool in absent])
        absent = missing()
    if not absent:
        print("Found:", ", ".join(f"{tool.name} ({tool.find()})" for tool in TOOLS))
        return 0
    print("*" * 88)
    for tool in absent:
        print(f"LEFT OUT: {tool.name} is not installed; the tests that need it are skipped.")
    print("On Debian: sudo apt-get install", *(tool.package for tool in absent))
    print("*" * 88)
    return 1 if in_ci() else 0


if __name__ == "__main__":
    sys.exit(main())
