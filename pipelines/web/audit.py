"""The audit of the desk: log-ins, log-outs, failures and locks, accounts made and disabled, steps taken. Lines are only added."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

LONGEST = 400


def note(account: str, event: str, detail: str = "", request: HttpRequest | None = None) -> None:
    """Add a line."""
    from pipelines.web.models import AuditLine

    address = str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""
    AuditLine.objects.create(account=account[:150], event=event, address=address[:64], detail=detail[:LONGEST])


def listen() -> None:
    """Note what Django and axes tell."""
    from axes.signals import user_locked_out

    user_logged_in.connect(_logged_in, dispatch_uid="desk audit")
    user_logged_out.connect(_logged_out, dispatch_uid="desk audit")
    user_login_failed.connect(_failed, dispatch_uid="desk audit")
    user_locked_out.connect(_locked, dispatch_uid="desk audit")


def _logged_in(request: HttpRequest, user: Any, **_: object) -> None:  # noqa: ANN401 - Django's account
    note(user.get_username(), "log_in", request=request)


def _logged_out(request: HttpRequest, user: Any, **_: object) -> None:  # noqa: ANN401 - Django's account
    if user is not None:
        note(user.get_username(), "log_out", request=request)


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    note(str(credentials.get("username", "")), "log_in_failed", request=request)


def _locked(request: HttpRequest, username: str | None = None, **_: object) -> None:
    note(str(username or ""), "locked", request=request)
