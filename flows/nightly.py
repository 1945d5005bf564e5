"""The night: what arrived is read, turned into energy and CO2, judged, flagged, checked and published.

Eleven tasks in the order of the folders under ``pipelines/``. Works with no server running (it then starts one for its own
length that keeps everything inside the data folder) and reports to the server that ``PREFECT_API_URL`` names; where
nobody can be told, the same steps run as plain functions (``reporting``). What happened stands in our own table
``runs``: Prefect's database is never the audit trail.
"""

from __future__ import annotations

from prefect import flow
from prefect.settings import PREFECT_API_URL

from flows import reporting, steps
from flows.reporting import Beside, ended_in_order
from flows.runners import Held, Runner
from flows.steps import again, is_reported, read_batch, rows, run_name, show, step, tell_people
from pipelines.run import recipe
from pipelines.run.building import Building
from pipelines.run.guard import guarded, note_away
from pipelines.run.night import Arrived, Gathered, Night, Progress
from pipelines.run.outcome import Outcome
from pipelines.settings.city import CityFolder

IN_PROCESS = Runner()
Told = tuple[Night, Beside[Outcome]]


@step("receive: what arrived in the inbox", steps.files_counted)
def receive(night: Night) -> Arrived:
    """Scan the inbox and keep the ledger of arrivals."""
    with night.timed("receive"):
        return night.receive()


def read_files(night: Night, arrived: Arrived) -> None:
    """Parse new files into parsed/: a task for each batch of files, wherever the flow runs its tasks."""
    with night.timed("read_files"):
        batches = list(night.batches(arrived))
        if not is_reported():
            for batch in batches:
                night.note_read(arrived, batch, read_batch.tried(night, night.city, batch))
            return
        trying = read_batch.task.with_options(**again(night))
        reading = [trying.submit(night.city, batch) for batch in batches]
        for batch, read in zip(batches, reading, strict=True):
            changed = read.result(raise_on_failure=False)
            if not isinstance(
                changed, list
            ):  # its worker or the server is gone, or the file is bad: this process tells which
                changed = read_batch.work(night.city, batch)
            night.note_read(arrived, batch, changed)


@step("registers: what the office keeps; is anything new?", steps.registers_counted)
def load_registers(night: Night, arrived: Arrived) -> Gathered:
    """Read registers and decisions: all that goes into the new file."""
    with night.timed("load_registers"):
        return night.load_registers(arrived)


@step("readings: whose, which of rivals, what is held back", rows("readings", "activity_readings", "quarantine"))
def accept_readings(night: Night, gathered: Gathered) -> Building:
    """Begin the new file and fill readings, quarantine and the row account."""
    with night.timed("accept_readings"):
        made = Building(night, gathered)
        made.do(recipe.accept_readings)
        return made


@step("energy: per meter, facility and day", rows("energy_by_meter_day"))
def count_energy(made: Building) -> None:
    """Spread over days, doubt, share, primary energy."""
    with made.night.timed("count_energy"):
        made.do(recipe.count_energy)


@step("emissions: factors, CO2, months and fiscal years", rows("factor_choices", "emissions_by_facility_month"))
def count_emissions(made: Building) -> None:
    """CO2 per basis and gas."""
    with made.night.timed("count_emissions"):
        made.do(recipe.count_emissions)


@step("targets: 達成 / 未達 / 判定不能", rows("facility_results", "target_results"))
def judge_targets(made: Building) -> None:
    """Verdicts, operators and posts."""
    with made.night.timed("judge_targets"):
        made.do(recipe.judge_targets)


@step("flags: what a person must look at", rows("flags", "findings"))
def raise_flags(made: Building) -> None:
    """Flags with owner and state, findings, invariants."""
    with made.night.timed("raise_flags"):
        made.raise_flags()


@step("gate: Great Expectations on the new file", rows("validation_results"))
def check(made: Building) -> None:
    """Run the suites; only a broken invariant of ours holds the publication back."""
    from expectations import night_gate

    with made.night.timed("check"):
        night_gate.check(made)


@step("publish: swap the new file in", steps.values_counted)
def publish(made: Building) -> None:
    """Readers see the new file from here on; then the documents that are made from it."""
    with made.night.timed("publish"):
        made.publish()
        made.night.write_pages()
        made.night.merge_parsed()


def story(night: Night, *, from_history: bool = False) -> Outcome:
    """The whole night on one city folder.

    Args:
        night: The run.
        from_history: Rebuild from parsed/ and history/ without looking at the inbox, even when nothing is new.
    """
    if from_history:
        arrived = night.remember()
    else:
        arrived = receive.tried(night, night)
        read_files(night, arrived)
    gathered = load_registers(night, arrived)
    if not gathered.is_new and not from_history:
        night.outcome.nothing_new = True
        tell_people(night)
        night.record("nothing_new")
        return night.outcome
    made = accept_readings(night, gathered)
    count_energy(made)
    count_emissions(made)
    judge_targets(made)
    raise_flags(made)
    check(made)
    publish(made)
    if not from_history:
        tell_people(night)
    return night.outcome


@flow(name="nightly", persist_result=False, validate_parameters=False)
def nightly(held: Held[Told], *, from_history: bool = False) -> Outcome:
    """The night as Prefect sees it: the run works beside it, within its context; then its page is written."""
    night, beside = held.value
    outcome = beside.follow()
    if not outcome.nothing_new:
        show(night)
    return outcome


def run(city: CityFolder, progress: Progress, *, from_history: bool = False, runner: Runner = IN_PROCESS) -> Outcome:
    """Run the night under the lock.

    Args:
        city: The city folder.
        progress: Called with (step, done, of) during long work.
        from_history: Rebuild without looking at the inbox.
        runner: Where the batches of files are read.

    Raises:
        AlreadyRunning: another run holds the lock.
        HeldBack: an invariant of ours is broken; the old file stays published.
        TimeLimitError, RunFailedError: it took too long, or disk, rights or a statement failed; the same.
        RunnerError: the runner cannot be used.
    """
    runner.check(PREFECT_API_URL.value())
    night = Night(city, progress)

    def told(beside: Beside[Outcome]) -> None:
        named = nightly.with_options(task_runner=runner.tasks(), flow_run_name=lambda: run_name(city))
        named(Held((night, beside)), from_history=from_history)

    with ended_in_order(), guarded(night), reporting.to(city.data, lambda reason: note_away(night, reason)) as report:
        return report.around(lambda: story(night, from_history=from_history), told)
