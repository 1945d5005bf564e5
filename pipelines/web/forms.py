"""The forms of the steps. Whether a step may be taken is asked of the desk, not here."""

from __future__ import annotations

from typing import Any

from django import forms

from pipelines import tables
from pipelines.texts import label, word

JA = "ja"
LONGEST = 2_000
RIGHT, WRONG, DISCARD = "right", "wrong", "discard"


def _text(key: str, *, is_needed: bool, **more: Any) -> forms.CharField:  # noqa: ANN401 - Django's own options
    return forms.CharField(label=label(key, JA), required=is_needed, max_length=LONGEST, widget=forms.Textarea(**more))


class AnswerForm(forms.Form):
    """An answer: the cause, what was found, whether the data stay, and what is done until when."""

    data = forms.ChoiceField(label=label("desk_data", JA), widget=forms.RadioSelect)
    cause = forms.ChoiceField(label=label("desk_cause", JA))
    explanation = _text("desk_explanation", is_needed=True)
    measure = _text("desk_measure", is_needed=False)
    until = forms.DateField(
        label=label("desk_until", JA), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *values: Any, may_discard: bool = False, **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*values, **more)
        kept = [RIGHT, WRONG, *([DISCARD] if may_discard else [])]
        self.fields["data"].choices = [(key, label(f"desk_data_{key}", JA)) for key in kept]
        causes = [(cause, word(f"answer_{cause}", JA)) for cause in tables.words("answer_cause")]
        self.fields["cause"].choices = [("", label("desk_choose", JA)), *causes]


class AcceptForm(forms.Form):
    """An answer is accepted, with a word if there is one to say."""

    text = _text("desk_remark", is_needed=False)


class ReturnForm(forms.Form):
    """An answer goes back, with the reason."""

    text = _text("desk_reason", is_needed=True)


class ConfirmForm(forms.Form):
    """The list of a fiscal year is confirmed by a document."""

    document = forms.CharField(label=label("desk_document", JA), max_length=100)
    on = forms.DateField(label=label("desk_document_on", JA), widget=forms.DateInput(attrs={"type": "date"}))


FORMS: dict[str, type[forms.Form]] = {"answer": AnswerForm, "accept": AcceptForm, "return": ReturnForm}
