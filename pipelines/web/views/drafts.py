"""What somebody typed into the form of a question and has not sent: kept for him alone, also over a log-in that had ended."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from django.contrib import messages
from django.http import HttpRequest

from pipelines.texts import label
from pipelines.web.forms import FORMS, LONGEST
from pipelines.web.models import UnsentForm
from pipelines.web.templates import JA
from pipelines.web.views.common import who

FIELDS = tuple(dict.fromkeys(chain.from_iterable(form.base_fields for form in FORMS.values())))
WRITER = "writer"  # the account that a form was shown to
CARRIED = "carried-"  # before the names of a form's fields within the form of the log-in


def typed(request: HttpRequest, prefix: str = "") -> dict[str, str]:
    """Return the fields of a form that say something, and the account that it was shown to."""
    sent = {name: request.POST.get(prefix + name, "")[:LONGEST] for name in (*FIELDS, WRITER)}
    return {name: value for name, value in sent.items() if value}


def carried(request: HttpRequest) -> dict[str, str]:
    """Return what goes along with a log-in."""
    return typed(request, CARRIED)


def keep(request: HttpRequest, question: str, fields: Mapping[str, str]) -> None:
    """Keep the draft of a question; the one before is gone."""
    kept = {name: value for name, value in fields.items() if name in FIELDS}
    UnsentForm.objects.update_or_create(user=request.user, matter=question, defaults={"fields": kept})


def keep_carried(request: HttpRequest, matter: str, fields: Mapping[str, str]) -> None:
    """Keep what went along with a log-in, where it was typed by whoever is in now and may act on what it is about; say which."""
    asking = who(request)
    question = next(
        (m.question_id for m in asking.now.matters if matter in (m.question_id, *(f.flag_id for f in m.flags))), ""
    )
    is_kept = bool(question) and asking.may_act and fields.get(WRITER) == asking.account
    if is_kept:
        keep(request, question, fields)
    messages.warning(request, label("desk_not_sent_kept" if is_kept else "desk_not_sent", JA))
