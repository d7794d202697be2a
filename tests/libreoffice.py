"""LibreOffice without a window: the second opinion on our workbooks."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.flat import FlatSheet

# By default LibreOffice trusts the results that a workbook carries; here it must compute them.
_ALWAYS_RECALCULATE = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


class LibreOffice:
    """A LibreOffice with a profile of its own, so that it disturbs nobody's."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._profile = folder / "profile"
        (self._profile / "user").mkdir(parents=True)
        settings = self._profile / "user" / "registrymodifications.xcu"
        settings.write_text(_ALWAYS_RECALCULATE, encoding="utf-8")

    def recalculate(self, workbook: Path) -> Path:
        """Load a workbook, compute all its formulas, save it; give the path of the copy."""
        return self.convert(workbook, "xlsx")

    def convert(self, source: Path, kind: str) -> Path:
        """Save ``source`` as ``kind`` ("xlsx", "pdf", "csv"); give the path of the copy."""
        folder = source.parent / f"libreoffice-{kind}"
        target = folder / f"{source.stem}.{kind}"
        target.unlink(missing_ok=True)
        said = self._run("--convert-to", kind, "--outdir", str(folder), str(source))
        # LibreOffice's exit code is 0 even when it could not read the file.
        assert target.exists(), f"LibreOffice could not read {source.name}:\n{said}"
        return target

    def edit(self, workbook: Path, sheet: str, change: Callable[[FlatSheet], None]) -> Path:
        """Open a workbook, change a sheet of it, save it as .xlsx; give the path of the copy."""
        flat = self.convert(workbook, "fods")
        opened = FlatSheet(flat, sheet)
        change(opened)
        opened.save()
        return self.convert(flat, "xlsx")

    def _run(self, *arguments: str) -> str:
        command = [str(self._program), f"-env:UserInstallation={self._profile.as_uri()}"]
        # Its launcher starts the real program as a child: one group, so that both can be ended.
        with subprocess.Popen(
            [*command, "--headless", "--norestore", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as running:
            try:
                said, _ = running.communicate(timeout=120)
            except BaseException:
                os.killpg(running.pid, signal.SIGKILL)
                raise
        return said.decode(errors="replace")
