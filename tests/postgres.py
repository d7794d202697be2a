"""A throw-away PostgreSQL cluster: started by the suite, gone with it."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_USER = "procurement"
# What a power cut would lose does not matter here, and waiting for the disk is most of the time.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "80",
    # The socket is enough, and no port can be taken by somebody else.
    "listen_addresses": "",
}


class Cluster:
    """A running server, reached through the socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        """Address of the database ``name`` for SQLAlchemy."""
        return f"postgresql+psycopg://{_USER}@/{name}?host={self.folder}"

    def connect(self, name: str) -> psycopg.Connection:
        """Open a bare connection in which each statement is its own transaction."""
        return psycopg.connect(
            host=str(self.folder), user=_USER, dbname=name, autocommit=True, connect_timeout=5
        )

    def create(self, name: str) -> str:
        """Make the empty database ``name`` and give its address."""
        with self.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove the database ``name``, whoever still holds a connection to it."""
        with self.connect("postgres") as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def running_cluster(programs: Path) -> Iterator[Cluster]:
    """Start a server from ``programs`` (the folder of initdb) and stop it on the way out."""
    folder = Path(tempfile.mkdtemp(prefix="procurement-postgresql-"))
    server = None
    try:
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            shutil.chown(folder, "postgres", "postgres")
        _initialise(programs, folder)
        server = _start(programs, folder)
        cluster = Cluster(folder)
        _wait(server, cluster)
        yield cluster
    finally:
        if server is not None:
            # "Immediate": nothing of it is worth a tidy shutdown.
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=30)
        shutil.rmtree(folder)


def _initialise(programs: Path, folder: Path) -> None:
    # French collation, as a production server would have: text that sorts differently there
    # than in SQLite shows up here.
    command = [
        *(str(programs / "initdb"), "-D", str(folder / "cluster"), "-U", _USER, "--auth=trust"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=fr"),
        *("--no-sync", "--no-instructions"),
    ]
    done = subprocess.run(
        command, **_as_postgres(folder), check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"PostgreSQL's initdb failed:\n{done.stdout}{done.stderr}")


def _start(programs: Path, folder: Path) -> subprocess.Popen[Any]:
    command = [str(programs / "postgres"), "-D", str(folder / "cluster"), "-k", str(folder)]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            **_as_postgres(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for pytest, which then stops the server itself.
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def _as_postgres(folder: Path) -> dict[str, Any]:
    """Arguments for subprocess: PostgreSQL's own user and a place that it may stand in."""
    if os.geteuid() != 0:
        return {"cwd": folder}
    return {"cwd": folder, "user": "postgres", "group": "postgres", "extra_groups": []}


def _die_with_parent() -> None:
    """Have the kernel stop the server even when the suite is killed outright."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGQUIT)


def _wait(server: subprocess.Popen[Any], cluster: Cluster) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            cluster.connect("postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{(cluster.folder / 'log').read_text()}")
