"""利用者: accounts and the audit, for administrators alone; both are changed nowhere in the web."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET

from pipelines.web import accounts
from pipelines.web.models import AuditLine
from pipelines.web.templates import page
from pipelines.web.views.common import who

MOST = 200


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Return every account with whose it is today, and the last lines of the audit."""
    asking = who(request)
    if not asking.is_administrator:
        raise PermissionDenied
    told = {
        "who": asking,
        "accounts": [(one, asking.now.person_of(one.name)) for one in accounts.listed(asking.now.city)],
        "lines": [(localtime(line.at), line) for line in AuditLine.objects.order_by("-id")[:MOST]],
    }
    return page(request, "accounts.html", "accounts", told)
