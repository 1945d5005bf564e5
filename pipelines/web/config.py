"""Django's settings for one city's desk: refused unless allowed, nothing loaded from elsewhere, no request over plain HTTP told as safe.

Writes ``<data>/desk_key`` once (the key that signs sessions and forms). ``accounts.sqlite`` has accounts, sessions, failed log-ins, drafts
and the audit; decisions stay in their own store.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import durable
from pipelines.errors import ActionableError
from pipelines.settings.city import CityFolder
from pipelines.settings.operation import WebDesk
from pipelines.texts import both

HERE = Path(__file__).parent
LONGEST_FORM = 1_000_000  # bytes of a request
MOST_FIELDS = 5_000
SHORTEST_KEY = 50
_configured_for: list[Path] = []


class AccountsError(ActionableError, RuntimeError):
    """The accounts cannot be opened; the message says where they are and what to do."""


def configure(city: CityFolder, today: date | None = None) -> None:
    """Configure Django for a city and bring ``accounts.sqlite`` to this version's tables; a process works for one city at a time.

    Args:
        city: The city folder.
        today: The day to show it for; ``None``: the clock, or city.toml's.

    Raises:
        AccountsError: the accounts or their key are damaged or out of reach.
    """
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DatabaseError, connection, connections

    if _configured_for == [city.data]:
        return
    _configured_for.clear()
    with _for_the_owner_alone():
        try:
            if settings.configured:
                connections.close_all()
                connection.settings_dict["NAME"] = city.accounts
                settings.CITY, settings.TODAY, settings.SECRET_KEY = city, today, _key(city)
            else:
                settings.configure(**settings_of(city), TODAY=today)
                django.setup()
            call_command("migrate", interactive=False, verbosity=0)
        except (DatabaseError, OSError, ValueError) as error:
            raise AccountsError(both("accounts_unusable", at=city.accounts, problem=error)) from error
    _configured_for.append(city.data)


def settings_of(city: CityFolder) -> dict[str, Any]:
    """Return the settings as Django names them."""
    desk = city.settings.desk
    return {
        "CITY": city,
        "SECRET_KEY": _key(city),
        "DEBUG": False,
        "ALLOWED_HOSTS": [*desk.names, *(["127.0.0.1", "localhost"] if not desk.names else [])],
        "INSTALLED_APPS": [
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django.contrib.messages",
            "axes",
            "csp",
            "pipelines.web.apps.DeskConfig",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "csp.middleware.CSPMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "pipelines.web.middleware.NamedByProxy",
            "pipelines.web.middleware.LogInFirst",
            "pipelines.web.middleware.Guarded",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "axes.middleware.AxesMiddleware",
        ],
        "ROOT_URLCONF": "pipelines.web.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [HERE / "pages", HERE.parent / "reports" / "pages"],
                "OPTIONS": {"environment": "pipelines.web.templates.environment"},
            }
        ],
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": city.accounts,
                "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
            }
        },
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "AUTHENTICATION_BACKENDS": [
            "axes.backends.AxesStandaloneBackend",
            "django.contrib.auth.backends.ModelBackend",
            "pipelines.web.middleware.NamedBackend",
        ],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
            for name, options in (
                ("MinimumLengthValidator", {"min_length": 12}),
                ("UserAttributeSimilarityValidator", {}),
                ("CommonPasswordValidator", {}),
            )
        ],
        "LOGIN_URL": "login",
        "LOGIN_REDIRECT_URL": "mine",
        "LOGOUT_REDIRECT_URL": "login",
        "LANGUAGE_CODE": "ja",
        "TIME_ZONE": city.settings.city.time_zone,
        "USE_TZ": True,
        "APPEND_SLASH": False,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": LONGEST_FORM,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": MOST_FIELDS,
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "LOGGING_CONFIG": None,
        **_safety(desk),
    }


def _safety(desk: WebDesk) -> dict[str, Any]:
    """What keeps sessions, forms and pages to themselves; what only holds over HTTPS is asked for where the desk stands behind it."""
    from csp.constants import NONE, SELF

    return {
        "SESSION_COOKIE_AGE": round(desk.session_hours * 3600),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_SECURE": desk.https,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_COOKIE_SECURE": desk.https,
        "CSRF_TRUSTED_ORIGINS": [f"https://{name}" for name in desk.names] if desk.https else [],
        "CSRF_FAILURE_VIEW": "pipelines.web.views.told.form_too_old",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_HSTS_SECONDS": 31_536_000 if desk.https else 0,
        "X_FRAME_OPTIONS": "DENY",
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": [NONE],
                "style-src": [SELF],
                "script-src": [SELF],
                "img-src": [SELF],
                "form-action": [SELF],
                "base-uri": [NONE],
                "frame-ancestors": [NONE],
            }
        },
        "AXES_FAILURE_LIMIT": desk.attempts,
        "AXES_COOLOFF_TIME": desk.locked_minutes / 60,
        "AXES_LOCKOUT_PARAMETERS": ["username"],
        "AXES_RESET_ON_SUCCESS": True,
        "AXES_LOCKOUT_CALLABLE": "pipelines.web.views.told.locked",
        "AXES_ENABLE_ADMIN": False,
        "AXES_VERBOSE": False,
        "AXES_SENSITIVE_PARAMETERS": ["username", "password"],
        "SILENCED_SYSTEM_CHECKS": []
        if desk.https
        else ["security.W004", "security.W008", "security.W012", "security.W016"],
    }


def _key(city: CityFolder) -> str:
    path = city.desk_key
    if not path.is_file():
        durable.write(path, secrets.token_urlsafe(64).encode())
    key = path.read_text(encoding="ascii")
    if len(key) < SHORTEST_KEY:
        raise AccountsError(both("desk_key_unusable", at=path))
    return key


@contextmanager
def _for_the_owner_alone() -> Iterator[None]:
    """Files that are made meanwhile can be read by nobody else."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
