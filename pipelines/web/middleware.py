"""What every request passes: a name from the proxy in front, if one is trusted, and refusals told in words.

The proxy's header counts only where the request comes from the proxy's own address and the settings name both; from anywhere else it is
taken off, so that nobody gives himself a name.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import RemoteUserBackend
from django.contrib.auth.middleware import LoginRequiredMiddleware, RemoteUserMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from pipelines.errors import ActionableError


class NamedBackend(RemoteUserBackend):
    """Lets in an account that the proxy names and that was made here; makes none."""

    create_unknown_user = False


class NamedByProxy(RemoteUserMiddleware):
    """Takes the name that the proxy passes on from Windows' own log-in."""

    def process_request(self, request: HttpRequest) -> None:
        """Log in whom the proxy names; a session without that name any more ends."""
        desk = settings.CITY.settings.desk
        if not desk.proxy:
            return
        self.header = f"HTTP_{desk.proxy_header.upper().replace('-', '_')}"
        if request.META.get("REMOTE_ADDR") != desk.proxy:
            request.META.pop(self.header, None)
        elif self.header in request.META:
            request.META[self.header] = _bare(request.META[self.header])
        super().process_request(request)


def _bare(name: str) -> str:
    r"""The account without its domain: ``CITY\yamada`` is yamada."""
    return name.rpartition("\\")[2]


class LogInFirst(LoginRequiredMiddleware):
    """Asks for a log-in; what somebody typed and sent after his own had ended goes along with it."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:  # noqa: ANN401 - Django's view
        """Lead to the log-in; a form is carried through it."""
        from pipelines.web.views import session

        if request.method == "POST" and (answer := session.carried_on(request)) is not None:
            return answer
        response: HttpResponse = super().handle_no_permission(request, view_func)
        return response


class Guarded:
    """Tells what cannot be done as a page, keeps pages out of caches, and ends sessions of accounts that were disabled."""

    def __init__(self, get_response: Any) -> None:  # noqa: ANN401 - Django's next in line
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        response: HttpResponse = self.get_response(request)
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            add_never_cache_headers(response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Tell an error that names what to do; any other is Django's to log, and answered with its own page."""
        from pipelines.web.views import told

        return told.problem(request, exception) if isinstance(exception, ActionableError) else None
