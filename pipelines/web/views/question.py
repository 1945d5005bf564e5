"""One question: what it says with its numbers, what would clear it, its history, and the form of the step that is the reader's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from pipelines.ask import turns
from pipelines.review import counter
from pipelines.review.desk import StepError
from pipelines.review.returned import answer_text
from pipelines.texts import both, label, word
from pipelines.web import audit
from pipelines.web.forms import DISCARD, FORMS, RIGHT, AnswerForm
from pipelines.web.models import UnsentForm
from pipelines.web.room import Matter
from pipelines.web.templates import JA, page
from pipelines.web.views.common import Who, room, who

MOST_FLAGS = 40
STEPS = ("answer", "accept", "confirm")


@require_GET
def show(request: HttpRequest, matter: str) -> HttpResponse:
    """Return the page of a question; the id of a flag or doubt leads to its question."""
    asking = who(request)
    return _page(request, asking, _found(asking, matter))


@require_POST
def step(request: HttpRequest, matter: str, step: str) -> HttpResponse:
    """Take a step on all flags of a question that wait for it, or tell why not; nothing is half done."""
    asking = who(request)
    found = _found(asking, matter)
    form = _form(step, found, request.POST)
    state = next((m for m in found if step in asking.steps(m)), None)
    if not asking.may_act or not asking.person:
        raise StepError(both("desk_reads_only"))
    if state is None or request.POST.get("seen") != asking.now.seen(state.flags):
        raise StepError(both("desk_has_changed"))
    if not form.is_valid():
        return _page(request, asking, found, bound={step: form}, status=422)
    flags = asking.able(state, step)
    with room().stepping:
        taken = _take(asking, step, flags, form)
    UnsentForm.objects.filter(user=request.user, matter=matter).delete()
    audit.note(asking.account, step, f"{len(taken)} {matter}", request)
    only = any(decision.recorded_only for decision in taken)
    said = "desk_recorded_only" if only else "desk_taken"
    messages.success(request, label(said, JA).format(step=word(step, JA), flags=len(taken)))
    return redirect("question", matter=matter) if only else redirect("mine")


@require_POST
def draft(request: HttpRequest, matter: str) -> HttpResponse:
    """Keep what was typed for later; it is nobody's answer."""
    asking = who(request)
    _found(asking, matter)
    fields = {name: request.POST.get(name, "")[:2_000] for name in (*AnswerForm.base_fields, "text")}
    UnsentForm.objects.update_or_create(user=request.user, matter=matter, defaults={"fields": fields})
    messages.success(request, label("desk_draft_kept", JA))
    return redirect("question", matter=matter)


def _take(asking: Who, step: str, flags: list[str], form: forms.Form) -> list[Any]:
    desk, said = asking.now.desk_of(asking.account), form.cleaned_data
    person = str(asking.person)
    if step != "answer":
        return counter.judge_all(asking.now.city, flags, step, person, said["text"], at=desk)
    text = answer_text(said["cause"], said["explanation"], said["measure"], said["until"])
    right, discard = said["data"] == RIGHT, said["data"] == DISCARD
    return counter.answer_all(
        asking.now.city, flags, person, text, data_are_right=right, discard=discard, cause=said["cause"], at=desk
    )


def _found(asking: Who, matter: str) -> list[Matter]:
    found = asking.now.of(matter) or [m for m in asking.now.matters if any(f.flag_id == matter for f in m.flags)]
    if not found:
        raise Http404
    return found


def _form(step: str, found: list[Matter], values: Any = None, draft: dict[str, str] | None = None) -> forms.Form:  # noqa: ANN401 - Django's
    kind = FORMS.get(step)
    if kind is None:
        raise Http404
    more = {"may_discard": any(f.seen_rows for m in found for f in m.flags)} if kind is AnswerForm else {}
    return kind(values, initial=draft or {}, **more)


def _page(
    request: HttpRequest,
    asking: Who,
    found: list[Matter],
    bound: dict[str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    matter = found[0].question_id
    kept = UnsentForm.objects.filter(user=request.user, matter=matter).first()
    desk = asking.now.desk_of(asking.account)
    flags = [flag for m in found for flag in m.flags][:MOST_FLAGS]
    mine = [
        {
            "step": step,
            "form": (bound or {}).get(step) or _form(step, found, draft=kept.fields if kept else None),
            "seen": asking.now.seen(m.flags),
            "flags": len(asking.able(m, step)),
            "is_turn": asking.person in {who for _, who in m.in_turn},
            "in_turn": m.in_turn,
        }
        for m in found
        for step in asking.steps(m)
    ]
    told = {
        "who": asking,
        "matter": matter,
        "found": found,
        "flags": turns.shown(desk, flags),
        "more": sum(len(m.flags) for m in found) - len(flags),
        "places": asking.now.publication.facilities,
        "mine": mine,
        "draft": kept,
        "steps": [(step, _stands(found, step)) for step in STEPS],
    }
    return page(request, "question.html", "questions", told, status)


def _stands(found: list[Matter], step: str) -> str:
    """Whether a step of the way is done, now or to come, for what of a question has come least far."""
    order = {"open": 0, "returned": 0, "answered": 1, "accepted": 2, "confirmed": 3}
    least = min(order[m.state] for m in found)
    at = STEPS.index(step)
    return "done" if at < least else "now" if at == least else "to_come"
