"""Settings with their defaults; the environment and ``instance/config.py`` override them."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

DEFAULTS: dict[str, Any] = {
    "BABEL_DEFAULT_LOCALE": "fr",
    "BABEL_DEFAULT_TIMEZONE": "Europe/Paris",
    "BOOTSTRAP_SERVE_LOCAL": True,
    "LANGUAGES": ("fr", "en"),
    # Failed and successful attempts alike, by address.
    "SIGN_IN_LIMIT": "10 per minute; 100 per hour",
    "RATELIMIT_STORAGE_URI": "memory://",
    "MAX_CONTENT_LENGTH": 16 * 1024 * 1024,
    "MAX_FORM_PARTS": 20_000,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SEND_FILE_MAX_AGE_DEFAULT": 3600,
    # The server that letters are handed to. Without one, each becomes a file in instance/outbox/.
    "MAIL_SERVER": "",
    # 25, or 587 with MAIL_USE_TLS (STARTTLS), or 465 with MAIL_USE_SSL; the certificate is checked.
    "MAIL_PORT": 25,
    "MAIL_USE_TLS": False,
    "MAIL_USE_SSL": False,
    # Only where the server asks who we are.
    "MAIL_USERNAME": None,
    "MAIL_PASSWORD": None,
    # "Centrale d’achat <ne-pas-repondre@centrale.fr>": most servers want an address of their own.
    "MAIL_DEFAULT_SENDER": "ne-pas-repondre@localhost",
    # The tests too send what they send.
    "MAIL_SUPPRESS_SEND": False,
    # Where people reach the platform: the links in letters start with it.
    "PUBLIC_URL": "http://127.0.0.1:8000",
    # Jobs are queued for `flask jobs work`. The tests have them done on the spot.
    "JOBS_IMMEDIATE": False,
    # The token lives as long as the session it belongs to: a form left open over lunch is sent.
    "WTF_CSRF_TIME_LIMIT": None,
    # How many proxies stand in front: as many addresses that they forward are believed.
    "PROXIES": 0,
    # Production refuses to start without a SECRET_KEY, and sends its cookies over TLS alone.
    "PRODUCTION": False,
}

#: Taken from the environment to the letter: a password of digits is no number.
_SECRETS = ("SECRET_KEY", "MAIL_USERNAME", "MAIL_PASSWORD")


def configure(app: Flask, settings: dict[str, Any]) -> None:
    """Fill ``app.config``: defaults, ``instance/config.py``, the environment, ``settings``."""
    app.config.from_mapping(DEFAULTS)
    app.config.from_pyfile("config.py", silent=True)
    app.config.from_prefixed_env("PROCUREMENT")
    for name in _SECRETS:
        if f"PROCUREMENT_{name}" in os.environ:
            app.config[name] = os.environ[f"PROCUREMENT_{name}"]
    url = os.environ.get("DATABASE_URL")
    if url:
        app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config.from_mapping(settings)
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = _driver(
        app.config.get("SQLALCHEMY_DATABASE_URI")
        or f"sqlite:///{Path(app.instance_path) / 'procurement.sqlite'}"
    )
    proxies = app.config["PROXIES"]
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]  # as Flask's own documentation does
    if app.config["PRODUCTION"]:
        app.config["SESSION_COOKIE_SECURE"] = True
    if not app.config.get("SECRET_KEY"):
        if app.config["PRODUCTION"]:
            raise RuntimeError(
                "Production needs a secret: set PROCUREMENT_SECRET_KEY to a long random text."
            )
        app.config["SECRET_KEY"] = _development_key(Path(app.instance_path) / "secret_key")


def _driver(url: str) -> str:
    """Name the driver that we ship: hosts give addresses as ``postgres://`` or without one."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _development_key(path: Path) -> str:
    """Read the key of this checkout, made at its first start."""
    if not path.exists():
        fresh = path.with_suffix(f".{secrets.token_hex(8)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        # A link is made whole or not at all, so that workers that start together agree on one key.
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text()
