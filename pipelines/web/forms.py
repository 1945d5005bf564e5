"""The forms of the steps. Whether a step may be taken is asked of the desk, not here."""

from __future__ import annotations

from typing import Any

from django import forms

from pipelines import tables
from pipelines.reports.plain_text import visible
from pipelines.review.states import MOST_YEARS
from pipelines.texts import label, word

JA = "ja"
LONGEST = 2_000
RIGHT, WRONG, DISCARD = "right", "wrong", "discard"


class Words(forms.CharField):
    """What somebody typed: line ends as one sign, whatever the browser sends, and no sign that nobody sees."""

    def to_python(self, value: Any) -> str:  # noqa: ANN401 - Django's own
        """Return it tidied; signs without any look alone are nothing typed."""
        typed = str(super().to_python(str(value or "").replace("\r\n", "\n").replace("\r", "\n")))
        return typed if any(sign.isprintable() and not sign.isspace() for sign in typed) else ""

    def validate(self, value: str) -> None:
        """Refuse signs that command a terminal or turn the direction of writing."""
        super().validate(value)
        if visible(value) != value:
            raise forms.ValidationError(label("desk_unseen_signs", JA))


def _text(key: str, *, is_needed: bool, **more: Any) -> forms.CharField:  # noqa: ANN401 - Django's own options
    return Words(label=label(key, JA), required=is_needed, max_length=LONGEST, widget=forms.Textarea(**more))


class AnswerForm(forms.Form):
    """An answer: the cause, what was found, whether the data stay, what is done until when, and for how many years it stands."""

    data = forms.ChoiceField(label=label("desk_data", JA), widget=forms.RadioSelect)
    cause = forms.ChoiceField(label=label("desk_cause", JA))
    explanation = _text("desk_explanation", is_needed=True)
    measure = _text("desk_measure", is_needed=False)
    until = forms.DateField(
        label=label("desk_until", JA), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    stands_for = forms.TypedChoiceField(label=label("desk_stands_for", JA), coerce=int, required=False, empty_value=1)

    def __init__(
        self,
        *values: Any,  # noqa: ANN401 - Django's own
        has_doubts: bool = True,
        may_discard: bool = False,
        may_stand: bool = False,
        **more: Any,  # noqa: ANN401 - Django's own
    ) -> None:
        super().__init__(*values, **more)
        if not may_stand:
            del self.fields["stands_for"]
        else:
            years = [(f"{n}", label("desk_stands_for_more", JA).format(years=n)) for n in range(2, MOST_YEARS + 1)]
            self.fields["stands_for"].choices = [("", label("desk_stands_for_1", JA)), *years]
        kept = [RIGHT, WRONG, *([DISCARD] if may_discard else [])]
        self.fields["data"].choices = [(key, label(f"desk_data_{key}", JA)) for key in kept]
        if not has_doubts:  # nobody says of data that nobody doubts whether they are right
            del self.fields["data"]
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

    document = Words(label=label("desk_document", JA), max_length=100)
    on = forms.DateField(label=label("desk_document_on", JA), widget=forms.DateInput(attrs={"type": "date"}))


FORMS: dict[str, type[forms.Form]] = {"answer": AnswerForm, "accept": AcceptForm, "return": ReturnForm}
