"""The order of the stages from inputs to verdicts, said once: for a night, a past moment, and totals counted again.

Every stage is given the warehouse under construction, the rules of the city and what is known, and returns what a person should
know. The order is that of dependence: people's answers are laid out before the stage that heeds them; the first day on which data
is expected follows from targets and readings.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pipelines.emissions import build as emissions
from pipelines.energy import build as energy
from pipelines.energy_act import build as energy_act
from pipelines.findings import Finding
from pipelines.readings import build as readings
from pipelines.review import build as review
from pipelines.run.inputs import Inputs
from pipelines.settings.city import Settings
from pipelines.targets import build as targets
from pipelines.warehouse.incremental import Incremental

Stage = Callable[[Incremental, Settings, Inputs], list[Finding]]


def accept_readings(inc: Incremental, settings: Settings, known: Inputs) -> list[Finding]:
    """Readings, quarantine and the row account of every file.

    Raises:
        CannotContinueError: begin again from an empty base; no later stage asks for that.
    """
    review.load_discarded(inc.connection, known.decisions)
    return readings.build(inc, settings, known.today)


def count_energy(inc: Incremental, settings: Settings, known: Inputs) -> list[Finding]:
    """Energy per meter, facility and day."""
    review.load_overrides(inc.connection, known.decisions)
    energy.build(inc, settings, known.today)
    return []


def count_emissions(inc: Incremental, settings: Settings, known: Inputs) -> list[Finding]:
    """CO2 per source, day, basis and gas; months and fiscal years."""
    return emissions.build(inc, settings, known.today, _first_day(inc, known))


def judge_targets(inc: Incremental, settings: Settings, known: Inputs) -> list[Finding]:
    """Verdicts for targets and facilities; operators and posts of the Act."""
    first_day = _first_day(inc, known)
    targets.build(inc.connection, settings, known.today, first_day)
    return energy_act.build(inc.connection, settings, known.today, first_day)


TO_TOTALS: tuple[Stage, ...] = (accept_readings, count_energy, count_emissions)
STAGES: tuple[Stage, ...] = (*TO_TOTALS, judge_targets)


def _first_day(inc: Incremental, known: Inputs) -> date:
    return energy.first_expected_day(inc.connection, known.today)
