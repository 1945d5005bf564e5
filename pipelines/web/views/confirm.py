"""確認: the list of accepted questions of a fiscal year, as a workbook for the document, and its confirmation by the 統括者."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from pipelines.findings import stable_id
from pipelines.reports import confirm_list
from pipelines.review import counter
from pipelines.review.desk import Flag, StepError
from pipelines.review.evidence import NONE
from pipelines.review.states import ACCEPTED
from pipelines.texts import both, label
from pipelines.web import audit
from pipelines.web.forms import ConfirmForm
from pipelines.web.templates import JA, page
from pipelines.web.views.common import Who, room, who


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Return the years that have accepted questions, each with its list and form."""
    return _page(request, who(request))


@require_POST
def confirm(request: HttpRequest, year: int) -> HttpResponse:
    """Confirm exactly the list that was shown, or nothing."""
    asking = who(request)
    if not asking.is_confirming or not asking.person:
        raise StepError(both("desk_reads_only"))
    flags = _accepted(asking).get(year, [])
    if not flags or request.POST.get("list") != _mark(asking, flags):
        raise StepError(both("desk_has_changed"))
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, asking, {year: form}, 422)
    said = form.cleaned_data
    listed = {flag.flag_id: counter.stands_on(asking.now.desk, flag) for flag in flags}
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
    """Return the list as a workbook; which flags it has is put on record, as ``review list --export`` does."""
    asking = who(request)
    if not asking.may_act:
        raise StepError(both("desk_reads_only"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"confirm-{year}.xlsx"
        confirm_list.export(asking.now.city, year, path)
        content = path.read_bytes()
    audit.note(asking.account, "export", f"FY{year}", request)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{path.name}"'}
    )


def _accepted(asking: Who) -> dict[int, list[Flag]]:
    found: dict[int, list[Flag]] = {}
    for matter in asking.now.matters:
        if matter.state == ACCEPTED:
            for flag in matter.flags:
                found.setdefault(flag.fiscal_year, []).append(flag)
    return dict(sorted(found.items(), reverse=True))


def _mark(asking: Who, flags: list[Flag]) -> str:
    return stable_id(asking.now.seen(flags))


def _page(
    request: HttpRequest, asking: Who, bound: dict[int, ConfirmForm] | None = None, status: int = 200
) -> HttpResponse:
    years = [
        {
            "year": year,
            "flags": flags,
            "stake": sum((f.co2e_at_stake_kg or Decimal(0) for f in flags), Decimal(0)),
            "able": sum(asking.person in {p for _, p in asking.now.desk.able(f, "confirm")} for f in flags),
            "form": (bound or {}).get(year) or ConfirmForm(),
            "mark": _mark(asking, flags),
        }
        for year, flags in _accepted(asking).items()
    ]
    return page(request, "confirm.html", "confirm", {"who": asking, "years": years}, status)
