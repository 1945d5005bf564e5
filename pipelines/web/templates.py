"""Templates of the desk: Jinja2 with the frame, the style and the words of the pages of results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from jinja2 import Environment, StrictUndefined

from pipelines.reports.plain_text import at_stake, not_asked, plain, tonnes
from pipelines.reports.terminal.show_turns import number_name, number_told, numbers_told
from pipelines.texts import label, word

JA = "ja"
# path -> its label in the menu; the results are pages of their own
MENU = {
    "": "desk_mine",
    "questions": "desk_questions",
    "confirm": "desk_confirm",
    "analysis": "desk_analysis",
    "results/index.html": "desk_results",
}
POLICY = "; ".join(
    f"{name} {where}"
    for name, where in (
        ("default-src", "'none'"),
        ("style-src", "'self'"),
        ("script-src", "'self'"),
        ("img-src", "'self'"),
        ("form-action", "'self'"),
        ("base-uri", "'none'"),
    )
)


def environment(*, autoescape: bool, **options: Any) -> Environment:  # noqa: ANN401 - Jinja's own
    """Return the environment that Django's backend asks for; a name that a page does not know is an error."""
    tidy = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = Environment(**(options | tidy), autoescape=True)
    made.globals |= {
        "city": settings.CITY.settings.city,
        "is_internal": True,
        "root": "/",
        "policy": POLICY,
        "menu": [(href, label(key, JA)) for href, key in MENU.items()],
        "tonnes": tonnes,
        "not_asked": lambda flag: not_asked(flag, JA),
        "at_stake": at_stake,
        "plain": plain,
        "word": lambda key: word(str(key), JA),
        "numbers_told": numbers_told,
        "number_told": number_told,
        "number_name": lambda name: number_name(name, JA),
        "say": lambda key, **numbers: label(key, JA).format(**numbers),
    }
    return made


def page(
    request: HttpRequest,
    name: str,
    here: str,
    values: Mapping[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Render a page of the desk.

    Args:
        request: What is answered.
        name: File name of the template.
        here: The entry of the menu that it stands under.
        values: What the template names.
        status: HTTP status.
    """
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.messages import get_messages

    account = getattr(request, "user", None) or AnonymousUser()  # refused before anybody was asked for a name
    told = {"here": here, "account": account, "who": None, "notices": get_messages(request)}
    return render(request, name, told | dict(values), status=status)
