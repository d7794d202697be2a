"""Home, help, language, accessibility, and the thread of one need line."""

from pathlib import Path
from urllib.parse import urlsplit

from flask import (
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import NotFound

from procurement.kernel.access import Actor, Audience, Permission
from procurement.kernel.pipeline import Stage, find, local_address, today
from procurement.needs.models import NeedLine
from procurement.web import home as homes
from procurement.web import thread

stage = Stage("web", __name__, template_folder="templates")
_STATIC = Path(__file__).parent / "static"


@stage.get("/static/<path:filename>", endpoint="static", allow=Audience.EVERYONE)
def static_file(filename: str) -> ResponseReturnValue:
    """Serve the application's own style, script and icon."""
    return send_from_directory(_STATIC, filename)


@stage.get("/", allow=Audience.EVERYONE)
def home() -> ResponseReturnValue:
    """Show what awaits the person, or what this place is to a visitor."""
    person = current_user._get_current_object()
    if not isinstance(person, Actor):
        return render_template("web/welcome.html")
    return render_template("web/home.html", home=homes.of(person, today()))


@stage.get("/help", allow=Audience.EVERYONE)
def help() -> ResponseReturnValue:  # noqa: A001  the page's own name
    """Explain the chain, the roles and the figures."""
    return render_template("web/help.html")


@stage.get("/accessibility", allow=Audience.EVERYONE)
def accessibility() -> ResponseReturnValue:
    """State how accessible the platform is (law 2005-102, article 47)."""
    return render_template("web/accessibility.html")


@stage.get("/language/<code>", allow=Audience.EVERYONE)
def set_language(code: str) -> ResponseReturnValue:
    """Remember the reader's language and go back to where the link stood."""
    if code not in current_app.config["LANGUAGES"]:
        raise NotFound
    session["language"] = code
    return redirect(local_address(_page_before(), url_for("web.home")))


def _page_before() -> str:
    """Address of our page that held the link; nothing if it was the answer to a form."""
    came_from = urlsplit(request.referrer or "")
    path = came_from.path.removeprefix(request.script_root)
    addresses = current_app.create_url_adapter(request)
    is_ours = came_from.netloc == request.host
    if not is_ours or addresses is None or not addresses.test(path, "GET"):
        return ""
    return f"{came_from.path}?{came_from.query}".rstrip("?")


@stage.get("/need-lines/<id:line_id>", allow=Permission.NEED_READ)
def need_line(line_id: int) -> ResponseReturnValue:
    """Follow one need line to its lot, tender, agreement, orders and saving, and back."""
    line = find(NeedLine, line_id)
    return render_template("web/need_line.html", line=line, story=thread.story(line))
