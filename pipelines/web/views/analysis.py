"""分析: the questions of the analysts' manual as buttons, each answer on the page or as CSV, Excel or Parquet."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from pipelines.ask.saved import Saved, saved
from pipelines.reports import workbook
from pipelines.texts import label
from pipelines.warehouse import answer, query
from pipelines.web.room import MEMORY
from pipelines.web.templates import JA, page
from pipelines.web.views.common import who

SHOWN = 200
MOST_ROWS = 100_000
SECONDS = 20
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
BOUNDS = answer.Bounds(SECONDS, MOST_ROWS, MEMORY)


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Return the list of questions."""
    return page(request, "analysis.html", "analysis", {"who": who(request), "saved": saved(), "asked": None})


@require_GET
def ask(request: HttpRequest, number: int) -> HttpResponse:
    """Return the answer to one of them as a table, its first rows."""
    asking, one = who(request), _one(number)
    given = answer.ask(asking.now.publication.cursor(), one.statement, answer.Bounds(SECONDS, SHOWN, MEMORY))
    rows = [row for block in answer.blocks_or_none(given) for row in block]
    told = {"who": asking, "saved": saved(), "asked": one, "names": given.names, "rows": rows, "is_cut": given.is_cut}
    return page(request, "analysis.html", "analysis", told)


@require_GET
def download(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """Return the answer as a file; one with more rows than are allowed is told, and never cut in silence."""
    asking, one = who(request), _one(number)
    if kind == "parquet":
        content = _parquet(asking.now.city.published, one.statement)
    else:
        given = answer.ask(asking.now.publication.cursor(), one.statement, BOUNDS)
        content = _csv(given) if kind == "csv" else _excel(given, f"{number}")
        if given.is_cut:
            raise query.QueryError(label("desk_too_many", JA).format(rows=MOST_ROWS))
    name = f"answer-{number}.{kind}"
    return HttpResponse(
        content, content_type=KINDS[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _one(number: int) -> Saved:
    found = next((one for one in saved() if one.number == number), None)
    if found is None:
        raise Http404
    return found


def _csv(given: answer.Answer) -> bytes:
    stream = io.StringIO()
    answer.write_for_excel(given, stream)
    return stream.getvalue().encode()


def _excel(given: answer.Answer, title: str) -> bytes:
    stream = io.BytesIO()
    with workbook.written(stream) as book:
        sheet = book.add_worksheet(title)
        sheet.write_row(0, 0, given.names)
        line = 1
        for block in given.blocks():
            for row in block:
                for column, cell in enumerate(row):
                    workbook.put(sheet, line, column, cell)
                line += 1
        sheet.freeze_panes(1, 0)
    return stream.getvalue()


def _parquet(published: Path, statement: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "answer.parquet"
        with query.opened(published, target, MEMORY) as connection:
            answer.write_parquet(connection, statement, BOUNDS, target)
        return target.read_bytes()
