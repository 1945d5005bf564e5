"""The pages of results of the last night, as they lie in the folder of the office, for whoever has logged in."""

from __future__ import annotations

import mimetypes

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from pipelines.texts import label
from pipelines.web.templates import JA
from pipelines.web.views.common import room

ENDINGS = (".html", ".css", ".js", ".csv", ".png", ".svg")
NAV = b'<nav aria-label="\xe3\x83\x9a\xe3\x83\xbc\xe3\x82\xb8">'


@require_GET
def show(request: HttpRequest, path: str) -> HttpResponse:
    """Return a file of the pages; only what lies in that folder and is a page or belongs to one."""
    folder = room().city.pages_internal.resolve()
    try:
        found = (folder / path).resolve()
        if not found.is_relative_to(folder) or found.suffix not in ENDINGS or not found.is_file():
            raise Http404
        content = found.read_bytes()
    except (OSError, ValueError) as error:
        raise Http404 from error
    kind = mimetypes.types_map.get(found.suffix, "application/octet-stream")
    if found.suffix == ".html":
        content = content.replace(NAV, NAV + f'\n<a href="/">{label("desk_mine", JA)}</a>'.encode(), 1)
        kind = "text/html; charset=utf-8"
    return HttpResponse(content, content_type=kind)
