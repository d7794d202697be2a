"""Settings: what overrides what, and what production insists on."""

import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from procurement import config


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "PROCUREMENT_SECRET_KEY", "PROCUREMENT_PRODUCTION"):
        monkeypatch.delenv(name, raising=False)


def configured(folder: Path, **settings: Any) -> dict[str, Any]:
    """Configure an application whose instance folder is ``folder``."""
    app = Flask("bare", instance_path=str(folder), instance_relative_config=True)
    config.configure(app, settings)
    return app.config


def test_a_fresh_checkout_needs_nothing(tmp_path: Path) -> None:
    found = configured(tmp_path / "instance")
    place = tmp_path / "instance" / "procurement.sqlite"
    assert found["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{place}"
    assert found["BABEL_DEFAULT_LOCALE"] == "fr"
    assert len(found["SECRET_KEY"]) == 64


def test_the_key_of_a_checkout_is_kept_and_private(tmp_path: Path) -> None:
    keys = {configured(tmp_path)["SECRET_KEY"] for _twice in range(2)}
    assert len(keys) == 1
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["secret_key"]


def test_workers_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    start, keys = threading.Barrier(8), list[str]()

    def work() -> None:
        start.wait(10)
        keys.append(configured(tmp_path)["SECRET_KEY"])

    workers = [threading.Thread(target=work) for _one in range(8)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(10)
    assert len(keys) == 8
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    "url, driven",
    [
        ("postgres://u:p@host/db", "postgresql+psycopg://u:p@host/db"),
        ("postgresql://u:p@host/db", "postgresql+psycopg://u:p@host/db"),
        ("postgresql+psycopg://host/db", "postgresql+psycopg://host/db"),
        ("sqlite:////tmp/x.sqlite", "sqlite:////tmp/x.sqlite"),
    ],
)
def test_the_database_is_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, driven: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert configured(tmp_path)["SQLALCHEMY_DATABASE_URI"] == driven


def test_each_source_overrides_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert configured(tmp_path)["SIGN_IN_LIMIT"] == "10 per minute; 100 per hour"
    (tmp_path / "config.py").write_text('SIGN_IN_LIMIT = "2 per day"')
    assert configured(tmp_path)["SIGN_IN_LIMIT"] == "2 per day"
    monkeypatch.setenv("PROCUREMENT_SIGN_IN_LIMIT", "3 per day")
    assert configured(tmp_path)["SIGN_IN_LIMIT"] == "3 per day"
    assert configured(tmp_path, SIGN_IN_LIMIT="4 per day")["SIGN_IN_LIMIT"] == "4 per day"


def test_production_wants_a_secret_and_sends_its_cookies_over_tls(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="PROCUREMENT_SECRET_KEY"):
        configured(tmp_path, PRODUCTION=True)
    assert not (tmp_path / "secret_key").exists()
    found = configured(tmp_path, PRODUCTION=True, SECRET_KEY="long and random")
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["SESSION_COOKIE_HTTPONLY"] is True
    assert found["SESSION_COOKIE_SAMESITE"] == "Lax"
