"""Coming in and going out: log-in with a password, log-out that ends the session for good, another password.

Whoever sends a form of a question after his session ended gets the log-in with all that he typed in it; once he is in, it is his draft
of that question. Nothing is kept of anybody who is not logged in, and nothing that somebody else typed.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse, reverse_lazy
from django.utils.decorators import method_decorator

from pipelines.texts import label
from pipelines.web import audit
from pipelines.web.templates import JA, page
from pipelines.web.views import drafts

UNAUTHORIZED = 401


class ShownAsPage:
    """Renders the desk's own template around Django's form."""

    request: Any
    template_name: str
    here = ""

    def render_to_response(self, context: dict[str, Any], **_: Any) -> HttpResponse:  # noqa: ANN401 - Django's
        """Return the page of the form."""
        form = context["form"]
        status = 422 if form.is_bound and not form.is_valid() else 200
        told = {"form": form, "next": context.get("next", ""), "carried": drafts.carried(self.request)}
        return page(self.request, self.template_name, self.here, told, status)


def carried_on(request: HttpRequest) -> HttpResponse | None:
    """Return the log-in with what was typed into the form of a question; ``None``: it was no such form."""
    matter = _matter_of(request.path)
    if matter is None:
        return None
    from django.contrib.auth.forms import AuthenticationForm

    told = {
        "form": AuthenticationForm(request),
        "next": reverse("question", kwargs={"matter": matter}),
        "carried": drafts.typed(request),
    }
    return page(request, LogIn.template_name, LogIn.here, told, UNAUTHORIZED)


def _matter_of(path: str) -> str | None:
    """The question whose page or form has this address."""
    try:
        found = resolve(path)
    except Resolver404:
        return None
    return found.kwargs["matter"] if found.url_name in ("question", "draft", "step") else None


@method_decorator(login_not_required, name="dispatch")
class LogIn(ShownAsPage, views.LoginView):
    """Lets in whoever knows a password; the session gets a new key."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ANN401 - Django's form
        """Let in, and keep what was typed before as a draft of whoever typed it."""
        response: HttpResponse = super().form_valid(form)
        matter = _matter_of(self.get_success_url())
        if matter is not None and (carried := drafts.carried(self.request)):
            drafts.keep_carried(self.request, matter, carried)
        return response


class LogOut(views.LogoutView):
    """Ends the session: its key opens nothing any more."""

    http_method_names = ("post",)


class OtherPassword(ShownAsPage, views.PasswordChangeView):
    """Takes another password; log-ins elsewhere end."""

    template_name = "password.html"
    success_url = reverse_lazy("mine")

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ANN401 - Django's form
        """Keep it, note it, say so."""
        response: HttpResponse = super().form_valid(form)
        audit.note(self.request.user.get_username(), "password_changed", request=self.request)
        messages.success(self.request, label("desk_password_changed", JA))
        return response
