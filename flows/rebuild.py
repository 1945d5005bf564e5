"""The same night from parsed/, history/, registers and decisions, without the inbox."""

from __future__ import annotations

from flows import nightly
from pipelines.run.night import Progress
from pipelines.run.outcome import Outcome
from pipelines.settings.city import CityFolder


def run(city: CityFolder, progress: Progress) -> Outcome:
    """Rebuild every derived table and publish; equal to what the nights before made of the same inputs."""
    return nightly.run(city, progress, from_history=True)
