"""Coming in and going out: log-in with a password, log-out that ends the session for good, another password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator

from pipelines.texts import label
from pipelines.web import audit
from pipelines.web.templates import JA, page


class ShownAsPage:
    """Renders the desk's own template around Django's form."""

    request: Any
    template_name: str
    here = ""

    def render_to_response(self, context: dict[str, Any], **_: Any) -> HttpResponse:  # noqa: ANN401 - Django's
        """Return the page of the form."""
        form = context["form"]
        status = 422 if form.is_bound and not form.is_valid() else 200
        return page(
            self.request, self.template_name, self.here, {"form": form, "next": context.get("next", "")}, status
        )


@method_decorator(login_not_required, name="dispatch")
class LogIn(ShownAsPage, views.LoginView):
    """Lets in whoever knows a password; the session gets a new key."""

    template_name = "login.html"
    redirect_authenticated_user = True


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
