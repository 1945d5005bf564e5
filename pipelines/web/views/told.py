"""What could not be done, told as a page: refusals, what is not there, faults of our own."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse

from pipelines.review.store import DecisionsError
from pipelines.texts import in_language, label
from pipelines.warehouse.query import QueryError
from pipelines.web.templates import JA, page

CONFLICT, UNAVAILABLE, TOO_MANY = 409, 503, 429


def problem(request: HttpRequest, error: Exception) -> HttpResponse:
    """An error that names what to do: nothing was recorded."""
    is_away = isinstance(error, QueryError | DecisionsError)
    return _told(request, "desk_not_now" if is_away else "desk_not_done", UNAVAILABLE if is_away else CONFLICT, error)


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Whoever asks may not."""
    return _told(request, "desk_refused", 403)


def not_there(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Nothing has this address, or not any more."""
    return _told(request, "desk_not_there", 404)


def bad(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that no page of ours makes."""
    return _told(request, "desk_bad", 400)


@login_not_required
def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its secret: from elsewhere, or from before the last log-in."""
    return _told(request, "desk_form_too_old", 403)


def fault(request: HttpRequest) -> HttpResponse:
    """A fault of the program; its details stand in the log."""
    logging.getLogger(__name__).error("a fault at %s", request.path)
    return _told(request, "desk_fault", 500)


def locked(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """Too many failed log-ins."""
    return _told(request, "desk_locked", TOO_MANY)


@login_not_required
def no_picture(request: HttpRequest) -> HttpResponse:
    """Browsers ask for a picture of the site; there is none."""
    return HttpResponse(status=204)


def _told(request: HttpRequest, key: str, status: int, what: object = "") -> HttpResponse:
    said = str(in_language(what.args[0] if isinstance(what, Exception) and what.args else what, JA))
    return page(request, "told.html", "", {"title": label(key, JA), "said": said}, status)
