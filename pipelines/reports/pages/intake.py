"""The page of the intake: what came, what is late, what is held back, and the rows to add.

Reads the published file; writes ``pages/intake.html``.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.ask import intake
from pipelines.reports.pages import page
from pipelines.settings.city import CityFolder
from pipelines.texts import word


def write(city: CityFolder) -> Path:
    """Write the page.

    Raises:
        QueryError: nothing is published yet.
    """
    told = intake.gather(city.published)
    target = city.pages / "intake.html"
    return page.write(target, "intake_page.html", city=city.settings.city, today=city.today, word=word, **told)
