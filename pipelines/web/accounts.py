"""Accounts of the desk: made, disabled and listed at the terminal, by whoever may write the data folder.

An account has no rights of its own. What its owner may do follows from the post held today: appointments.csv names, in its column
``account``, whose it is. An administrator sees accounts and the audit and decides nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from pipelines.errors import ActionableError
from pipelines.process.recorder import recorder
from pipelines.settings.city import CityFolder
from pipelines.texts import both
from pipelines.web import config


class AccountError(ActionableError, ValueError):
    """The account cannot be made or disabled; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as lists show it; ``last_seen`` in the time of the city."""

    name: str
    is_enabled: bool
    is_administrator: bool
    last_seen: datetime | None


def add(city: CityFolder, name: str, password: str | None, *, is_administrator: bool = False) -> str:
    """Make an account, or give one a new password and let it in again.

    Args:
        city: The city folder.
        name: Its name, as ``account`` of appointments.csv has it.
        password: ``None``: one is made up, to be changed at the first log-in.
        is_administrator: Sees accounts and the audit, and decides nothing.

    Returns:
        The password, where one was made up; else an empty text.

    Raises:
        AccountError: the name is none, or the password is too weak.
    """
    config.configure(city)
    from axes.utils import reset
    from django.contrib.auth import get_user_model
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from pipelines.web import audit

    accounts = get_user_model()
    made_up = secrets.token_urlsafe(12) if password is None else ""
    user = accounts.objects.filter(username=name).first() or accounts(username=name)
    is_new = user.pk is None
    try:
        user.full_clean(exclude=["password"])
        validate_password(password or made_up, user)
    except ValidationError as error:
        raise AccountError(both("account_refused", at=name, problem=" ".join(error.messages))) from error
    user.set_password(password or made_up)
    user.is_active, user.is_staff = True, is_administrator
    user.save()
    reset(username=name)
    audit.note(name, "account_made" if is_new else "account_renewed", recorder())
    return made_up


def disable(city: CityFolder, name: str) -> None:
    """Let an account in no more; sessions that are open end with their next request.

    Raises:
        AccountError: there is no such account.
    """
    config.configure(city)
    from django.contrib.auth import get_user_model

    from pipelines.web import audit

    user = get_user_model().objects.filter(username=name).first()
    if user is None:
        raise AccountError(both("no_such_account", at=name))
    user.is_active = False
    user.save()
    audit.note(name, "account_disabled", recorder())


def listed(city: CityFolder) -> list[Account]:
    """Return all accounts by name."""
    config.configure(city)
    from django.contrib.auth import get_user_model
    from django.utils.timezone import localtime

    found = get_user_model().objects.order_by("username")
    return [Account(u.username, u.is_active, u.is_staff, u.last_login and localtime(u.last_login)) for u in found]
