"""The page of the intake: what came, what is late, what is held back, and the rows to add.

Reads the published file; writes ``intake.html`` in both folders of pages.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.ask import intake
from pipelines.reports.pages import page
from pipelines.settings.city import CityFolder
from pipelines.texts import word


def write(city: CityFolder) -> Path:
    """Write the page and return its path in the folder for everybody.

    Raises:
        QueryError: nothing is published yet.
    """
    told = intake.gather(city.published)
    return page.write(city, "intake.html", "intake_page.html", today=city.today, word=word, **told)
