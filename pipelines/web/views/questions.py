"""質問: the list with its filters, several accepted together, and the list as CSV and Excel."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from pipelines.reports import workbook
from pipelines.review import counter
from pipelines.review.desk import StepError
from pipelines.review.states import ANSWERED
from pipelines.texts import both, label, rule_name, word
from pipelines.warehouse.answer import neutral
from pipelines.web import audit
from pipelines.web.room import Matter
from pipelines.web.templates import JA, page
from pipelines.web.views.common import Wanted, Who, last_words, room, who

FILTERS = ("state", "asking", "year", "rule", "department", "text", "mine")
PER_PAGE = 50
COLUMNS = ("question", "facility", "fiscal_year", "message", "stake", "state", "next", "opened_at")


def wanted(request: HttpRequest) -> Wanted:
    """Return what a request filters; what is no filter is passed over."""
    return Wanted({name: request.GET.get(name, "")[:200] for name in FILTERS}, who(request))


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Return a page of the list."""
    asked = wanted(request)
    found = asked.matters
    number = request.GET.get("page", "1")
    pages = max(1, -(-len(found) // PER_PAGE))
    at = min(max(int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1, 1), pages)
    others = asked.who.now.matters
    known = [m.stake for m in found if m.stake is not None]
    told = {
        "who": asked.who,
        "query": asked.query,
        "link": lambda **changed: "?" + urlencode({k: v for k, v in {**asked.query, **changed}.items() if v}),
        "matters": found[(at - 1) * PER_PAGE : at * PER_PAGE],
        "count": len(found),
        "stake": sum(known, Decimal(0)) if known else None,
        "at": at,
        "pages": pages,
        "states": Counter(m.state for m in others if asked.fits(m, "state")),
        "askings": Counter(m.asking for m in others if asked.fits(m, "asking")),
        "years": sorted({m.first.fiscal_year for m in others}, reverse=True),
        "rules": sorted({m.first.rule_id for m in others}, key=lambda rule: rule_name(rule, JA)),
        "rule_name": lambda rule: rule_name(rule, JA),
        "departments": sorted({d for m in others for d in m.departments if d}),
        "may_accept": {m.question_id for m in found if _is_whole(asked.who, m)},
        "mark": _mark(asked),
        "said": lambda matter: last_words(asked.who, matter),
    }
    return page(request, "questions.html", "questions", told)


@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """Accept the answers to several questions together: an entry for each flag, or none at all."""
    asking = who(request)
    chosen = dict(each.partition(":")[::2] for each in request.POST.getlist("question"))
    matters = [m for m in asking.now.matters if m.question_id in chosen and m.state == ANSWERED]
    if not asking.may_act or not asking.person:
        raise StepError(both("desk_reads_only"))
    if not chosen:
        raise StepError(both("desk_none_chosen"))
    if len(matters) != len(chosen) or any(asking.now.seen(m.flags) != chosen[m.question_id] for m in matters):
        raise StepError(both("desk_has_changed"))
    flags = [flag_id for m in matters for flag_id in asking.able(m, "accept")]
    if len(flags) != sum(len(m.flags) for m in matters):
        raise StepError(both("desk_not_all_yours"))
    with room().stepping:
        desk = asking.now.desk_of(asking.account)
        taken = counter.judge_all(asking.now.city, flags, "accept", asking.person, "", at=desk)
    audit.note(asking.account, "accept", f"{len(taken)} {' '.join(m.question_id for m in matters)}", request)
    only = [decision for decision in taken if decision.recorded_only]
    if len(only) < len(taken):
        binding = {decision.flag_id for decision in taken if not decision.recorded_only}
        accepted = sum(any(f.flag_id in binding for f in m.flags) for m in matters)
        messages.success(request, label("desk_accepted", JA).format(questions=accepted, flags=len(binding)))
    if only:
        numbers = {"step": word("accept", JA), "flags": len(only)}
        messages.warning(request, label("desk_recorded_only", JA).format(**numbers))
    later = who(request)
    is_more = any(m.state == ANSWERED for m in later.now.turn_of(later.person))
    return redirect("/questions?" + urlencode({"state": ANSWERED, "mine": 1}) if is_more else "mine")


@require_GET
def as_csv(request: HttpRequest) -> HttpResponse:
    """Return the list as a CSV that a spreadsheet opens; no cell of it begins a formula."""
    stream = io.StringIO()
    stream.write("\ufeff")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerows([neutral(cell) for cell in row] for row in _rows(wanted(request)))
    return _file(stream.getvalue().encode(), "text/csv; charset=utf-8", "questions.csv")


@require_GET
def as_excel(request: HttpRequest) -> HttpResponse:
    """Return the list as a workbook; text is text."""
    stream = io.BytesIO()
    with workbook.written(stream) as book:
        sheet = book.add_worksheet(label("desk_questions", JA))
        for line, row in enumerate(_rows(wanted(request))):
            for column, cell in enumerate(row):
                workbook.put(sheet, line, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.set_column(3, 3, 80)
    return _file(
        stream.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "questions.xlsx"
    )


def _rows(asked: Wanted) -> Iterator[list[str | int | Decimal | None]]:
    yield [label(f"desk_col_{name}", JA) for name in COLUMNS]
    for matter in asked.matters:
        turn = "、".join(f"{post} {asked.who.now.name_of(person)}" for post, person in matter.in_turn)
        yield [
            matter.question_id,
            facilities_of(asked, matter),
            matter.first.fiscal_year,
            matter.first.message_ja,
            None if matter.stake is None else matter.stake / 1000,
            word(matter.state, JA),
            turn,
            str(min(f.opened_at for f in matter.flags)),
        ]


def facilities_of(asked: Wanted, matter: Matter) -> str:
    """Return the first facility of a matter, and how many others there are."""
    more = matter.facilities - 1
    return matter.first.facility_name + (label("desk_and_others", JA).format(count=more) if more else "")


def _is_whole(asking: Who, matter: Matter) -> bool:
    """Whether every flag of an answered matter is this person's to accept; one that is so in part is taken on its own page."""
    return matter.state == ANSWERED and asking.may_act and len(asking.able(matter, "accept")) == len(matter.flags)


def _mark(asked: Wanted) -> dict[str, str]:
    return {m.question_id: asked.who.now.seen(m.flags) for m in asked.matters if m.state == ANSWERED}


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
