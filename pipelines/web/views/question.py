"""One question: what it says with its numbers, what would clear it, its history, and the form of the step that is the reader's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from pipelines.ask import turns
from pipelines.review import counter
from pipelines.review.desk import StepError
from pipelines.review.returned import answer_text
from pipelines.review.states import ACCEPTED, OPEN
from pipelines.review.store import TakenMeanwhileError
from pipelines.texts import both, label, word
from pipelines.web import audit
from pipelines.web.forms import DISCARD, FORMS, RIGHT, AnswerForm
from pipelines.web.models import UnsentForm
from pipelines.web.room import Matter
from pipelines.web.templates import JA, page
from pipelines.web.views import drafts
from pipelines.web.views.common import Who, last_words, room, who

MOST_FLAGS = 40
STEPS = ("answer", "accept", "confirm")


@require_GET
def show(request: HttpRequest, matter: str) -> HttpResponse:
    """Return the page of a question; the id of a flag or doubt leads to its question."""
    asking = who(request)
    return _page(request, asking, _found(asking, matter))


def step(request: HttpRequest, matter: str, step: str) -> HttpResponse:
    """Take a step on all flags of a question that wait for it, or tell why not; nothing is half done."""
    if request.method != "POST":
        return _not_sent(request, matter)
    asking = who(request)
    found = _found(asking, matter)
    form = _form(asking, step, found, request.POST)
    sent = request.POST.get("seen")
    state = next((m for m in found if step in asking.steps(m) and sent == asking.now.seen(m.flags)), None)
    if not asking.may_act or not asking.person:
        raise StepError(both("desk_reads_only"))
    if state is None:
        raise StepError(both("desk_already_yours") if _was_mine(asking, found, step) else both("desk_has_changed"))
    if not form.is_valid():
        return _page(request, asking, found, bound={f"{step} {state.state}": form}, status=422)
    flags = asking.able(state, step)
    try:
        with room().stepping:
            taken = _take(asking, step, flags, form)
    except TakenMeanwhileError:
        later = who(request)
        if _was_mine(later, later.now.of(state.question_id), step):
            raise StepError(both("desk_already_yours")) from None
        raise
    UnsentForm.objects.filter(user=request.user, matter=state.question_id).delete()
    audit.note(asking.account, step, f"{len(taken)} {matter}", request)
    only = any(decision.recorded_only for decision in taken)
    numbers = {"step": word(step, JA), "flags": len(taken)}
    if only:
        messages.warning(request, label("desk_recorded_only", JA).format(**numbers))
        return redirect("question", matter=matter)
    messages.success(request, label("desk_taken", JA).format(**numbers), extra_tags=_next(request, state.state))
    return redirect("mine")


def draft(request: HttpRequest, matter: str) -> HttpResponse:
    """Keep what was typed for later; it is nobody's answer."""
    if request.method != "POST":
        return _not_sent(request, matter)
    asking = who(request)
    question = _found(asking, matter)[0].question_id
    if not asking.may_act:
        raise StepError(both("desk_reads_only"))
    drafts.keep(request, question, drafts.typed(request))
    messages.success(request, label("desk_draft_kept", JA))
    return redirect("question", matter=matter)


def _not_sent(request: HttpRequest, matter: str) -> HttpResponse:
    """A step is sent by a form. Its address alone is opened by whoever had to log in anew when he sent it: his text is gone, and told."""
    messages.warning(request, label("desk_not_sent", JA))
    return redirect("question", matter=matter)


def _was_mine(asking: Who, found: list[Matter], step: str) -> bool:
    """Whether the last step on the flags of a question is the one that this person sends again."""
    taken = [asking.now.desk.decisions.get(f.flag_id, [])[-1:] for m in found for f in m.flags]
    return bool(taken) and all(one and (one[0].person_id, one[0].step) == (asking.person, step) for one in taken)


def _next(request: HttpRequest, state: str) -> str:
    """The question that this person takes up next: one that waits for the same step, else any; none: an empty text."""
    later = who(request)
    waiting = later.now.turn_of(later.person)
    alike = [m for m in waiting if m.state == state]
    return next((m.question_id for m in (*alike, *waiting) if m.state != ACCEPTED), "")


def _take(asking: Who, step: str, flags: list[str], form: forms.Form) -> list[Any]:
    desk, said = asking.now.desk_of(asking.account), form.cleaned_data
    person = str(asking.person)
    if step != "answer":
        return counter.judge_all(asking.now.city, flags, step, person, said["text"], at=desk)
    text = answer_text(said["cause"], said["explanation"], said["measure"], said["until"])
    right, discard = (said.get("data") == each for each in (RIGHT, DISCARD))
    told = {"data_are_right": right, "discard": discard, "stands_for": said.get("stands_for", 1)}
    return counter.answer_all(asking.now.city, flags, person, text, **told, cause=said["cause"], at=desk)


def _found(asking: Who, matter: str) -> list[Matter]:
    found = asking.now.of(matter) or [m for m in asking.now.matters if any(f.flag_id == matter for f in m.flags)]
    if not found:
        raise Http404
    return found


def _form(
    asking: Who,
    step: str,
    found: list[Matter],
    values: Any = None,  # noqa: ANN401 - Django's
    draft: dict[str, str] | None = None,
) -> forms.Form:
    kind = FORMS.get(step)
    if kind is None:
        raise Http404
    if kind is not AnswerForm:
        return kind(values, initial=draft or {})
    flags = [flag for m in found for flag in m.flags]
    asked = {
        "has_doubts": any(f.has_doubts for f in flags),
        "may_discard": any(f.seen_rows for f in flags),
        "may_stand": all(asking.now.desk.asking(f).pattern for f in flags),
    }
    return kind(values, initial=draft or {}, **asked)


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
            "at": f"{step}-" if number == 0 else f"{step}-{m.state}-",
            "said": last_words(asking, m) if m.state != OPEN else "",
            "is_own": asking.account in asking.now.desk.posts.accounts(str(asking.person)),
            "lifts": any(_is_right(asking, f.flag_id) for f in m.flags),
            "form": (bound or {}).get(f"{step} {m.state}")
            or _form(asking, step, found, draft=kept.fields if kept else None),
            "seen": asking.now.seen(m.flags),
            "flags": len(asking.able(m, step)),
            "is_turn": asking.person in {who for _, who in m.in_turn},
            "in_turn": m.in_turn,
        }
        for number, m in enumerate(found)
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


def _is_right(asking: Who, flag_id: str) -> bool:
    return any(d.data_are_right for d in asking.now.desk.decisions.get(flag_id, [])[-1:])


def _stands(found: list[Matter], step: str) -> str:
    """Whether a step of the way is done, now or to come, for what of a question has come least far."""
    order = {"open": 0, "returned": 0, "answered": 1, "accepted": 2, "confirmed": 3}
    least = min(order[m.state] for m in found)
    at = STEPS.index(step)
    return "done" if at < least else "now" if at == least else "to_come"
