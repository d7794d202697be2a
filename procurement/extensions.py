"""The extensions, made once and attached to the application by its factory."""

from flask import Flask
from flask_babel import Babel
from flask_bootstrap import Bootstrap5  # type: ignore[import-untyped]  # ships no types
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from procurement.kernel.database import Base

db = SQLAlchemy(model_class=Base)
migrate = Migrate(directory="migrations", render_as_batch=True)
login = LoginManager()
# It would tell fresh sign-ins from old ones, which nothing here asks, by a hash at each request.
login.session_protection = None
csrf = CSRFProtect()
babel = Babel()
bootstrap = Bootstrap5()
mail = Mail()


class SparingLimiter(Limiter):
    """Checks the views that carry a limit, and costs the others nothing."""

    def init_app(self, app: Flask) -> None:
        """Attach to the application, without looking for a limit at each of its requests."""
        super().init_app(app)
        if self.enabled:
            app.before_request_funcs[None].remove(self._check_request_limit)


limiter = SparingLimiter(get_remote_address)
