"""わたしの番: what waits for the person who asks, and what this person sent on."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse

from pipelines.review.states import CONFIRMED, counts
from pipelines.web.room import Matter
from pipelines.web.templates import page
from pipelines.web.views.common import Who, next_step, who

MOST = 40


def show(request: HttpRequest) -> HttpResponse:
    """Return the first page after the log-in."""
    asking = who(request)
    waiting = asking.now.turn_of(asking.person) if asking.may_act else []
    by_step: dict[str, list[Matter]] = {}
    for matter in waiting:
        by_step.setdefault(str(next_step(matter)), []).append(matter)
    told = {
        "steps": [_step(step, matters) for step, matters in by_step.items()],
        "waiting": len(waiting),
        "sent": _sent(asking)[:MOST],
        "states": Counter(m.state for m in asking.now.matters if m.asking == "asked"),
    }
    return page(request, "mine.html", "", told | {"who": asking})


def _step(step: str, matters: list[Matter]) -> dict[str, Any]:
    known = [m.stake for m in matters if m.stake is not None]
    return {
        "step": step,
        "count": len(matters),
        "stake": sum(known, Decimal(0)) if known else None,
        "matters": matters[:MOST],
        "more": max(0, len(matters) - MOST),
    }


def _sent(asking: Who) -> list[Matter]:
    """The matters whose last step was this person's and that somebody else has now."""
    found = []
    for matter in asking.now.matters:
        taken = [d for d in asking.now.desk.decisions.get(matter.first.flag_id, []) if counts(d)]
        if (
            taken
            and asking.person
            and taken[-1].person_id == asking.person
            and matter.state != CONFIRMED
            and matter.in_turn
        ):
            found.append(matter)
    return found
