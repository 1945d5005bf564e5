"""確認: the lists of accepted questions, each with those who may confirm it, as files for the document, and their confirmation."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from pipelines.ask.to_confirm import Waiting, waiting
from pipelines.findings import stable_id
from pipelines.reports import confirm_list
from pipelines.review import counter
from pipelines.review.desk import StepError
from pipelines.review.evidence import NONE
from pipelines.texts import both, label
from pipelines.web import audit
from pipelines.web.forms import ConfirmForm
from pipelines.web.templates import JA, page
from pipelines.web.views.common import Who, room, who

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Return the years that have accepted questions, each with its list and form."""
    return _page(request, who(request))


@require_POST
def confirm(request: HttpRequest, year: int) -> HttpResponse:
    """Confirm exactly the list that was shown, or nothing."""
    asking = who(request)
    if not asking.may_act or not asking.person:
        raise StepError(both("desk_reads_only"))
    chosen = _shown(request, asking, year)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, asking, {_mark(asking, chosen): form}, 422)
    said = form.cleaned_data
    listed = {flag.flag_id: counter.stands_on(asking.now.desk, flag) for flag in chosen.flags}
    with room().stepping:
        desk = asking.now.desk_of(asking.account)
        taken = counter.confirm_list(
            asking.now.city, asking.person, said["on"], said["document"], listed, NONE, at=desk
        )
    audit.note(asking.account, "confirm", f"{len(taken)} FY{year} {said['document']}", request)
    messages.success(request, label("desk_confirmed", JA).format(flags=len(taken), document=said["document"]))
    return redirect("confirm")


@require_POST
def export(request: HttpRequest, year: int) -> HttpResponse:
    """Return a list as a workbook or a document; which flags it has is put on record, as ``review list --export`` does."""
    asking = who(request)
    if not asking.may_act:
        raise StepError(both("desk_reads_only"))
    chosen, kind = _shown(request, asking, year), request.POST.get("kind", "")
    if kind not in KINDS or not chosen.able:
        raise Http404
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"confirm-{year}.{kind}"
        confirm_list.export(asking.now.city, year, path, chosen.able[0][1], {flag.flag_id for flag in chosen.flags})
        content = path.read_bytes()
    audit.note(asking.account, "export", f"FY{year} {kind}", request)
    named = {"Content-Disposition": f'attachment; filename="{path.name}"'}
    return HttpResponse(content, content_type=KINDS[kind], headers=named)


def _shown(request: HttpRequest, asking: Who, year: int) -> Waiting:
    """The list that the page showed, as long as it is still the same.

    Raises:
        StepError: it has changed since.
    """
    for one in waiting(asking.now.desk):
        if one.fiscal_year == year and request.POST.get("list") == _mark(asking, one):
            return one
    raise StepError(both("desk_has_changed"))


def _mark(asking: Who, one: Waiting) -> str:
    return stable_id(asking.now.seen(one.flags))


def _page(
    request: HttpRequest, asking: Who, bound: dict[str, ConfirmForm] | None = None, status: int = 200
) -> HttpResponse:
    lists = [
        {
            "of": one,
            "mark": (mark := _mark(asking, one)),
            "is_mine": asking.may_act and asking.person in {person for _, person in one.able},
            "form": (bound or {}).get(mark) or ConfirmForm(),
        }
        for one in waiting(asking.now.desk)
    ]
    lists.sort(key=lambda one: not one["is_mine"])  # what the reader may confirm first; each part stays in its order
    return page(request, "confirm.html", "confirm", {"who": asking, "lists": lists}, status)
