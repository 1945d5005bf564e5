"""根拠: the arithmetic behind a facility's year or month, as ``explain`` prints it, with whose turn each flag is now."""

from __future__ import annotations

import io
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from rich.console import Console

from pipelines import rounding
from pipelines.ask.explain import FacilityQuestion, UnknownFacility, explain
from pipelines.reports.terminal import show_explanation
from pipelines.reports.terminal.look import Terminal
from pipelines.review import counter
from pipelines.settings.reports import SCREEN
from pipelines.web.templates import JA, page
from pipelines.web.views.common import who

WIDTH = 110
MONTHS = (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3)


@require_GET
def show(request: HttpRequest, facility: str, year: int) -> HttpResponse:
    """Return the way from the total down to readings, factors and decisions; ``?month=8``: of that month."""
    asking = who(request)
    if facility not in asking.now.publication.facilities:
        raise Http404
    month = request.GET.get("month", "")
    first = date(year + (int(month) < MONTHS[0]), int(month), 1) if month in {str(m) for m in MONTHS} else None
    desk = asking.now.desk_of(asking.account)
    try:
        told = explain(desk.connection, FacilityQuestion(facility, year, first, "plan"))
    except UnknownFacility as error:
        raise Http404 from error
    told["flags"] = counter.brought_up_to_date(asking.now.city, told["flags"], desk)
    reports = asking.now.city.settings.reports
    stream = io.StringIO()
    out = Terminal(JA, Console(file=stream, width=WIDTH, highlight=False, color_system=None))
    with rounding.on_screen(reports.document(SCREEN)):
        show_explanation.show(out, told, None, reports.sign, reports.documents, exact="exact" in request.GET)
    values = {
        "who": asking,
        "place": asking.now.publication.facilities[facility],
        "page_of": asking.now.publication.page_of[facility],
        "year": year,
        "month": month if first else "",
        "months": MONTHS,
        "trail": stream.getvalue(),
    }
    return page(request, "explain.html", "questions", values)
