"""The night: what arrived is read, turned into energy and CO2, judged, flagged, checked and published.

Ten tasks in the order of the folders under ``pipelines/``. Works with no server running (Prefect then starts one for
itself and keeps everything inside the data folder) and reports to the server that ``PREFECT_API_URL`` names. What
happened stands in our own table ``runs``: Prefect's database is never the audit trail.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.runners import Held, Runner
from flows.steps import may_pass, read_batch, show, step
from pipelines.night import Night, Progress
from pipelines.outcome import Outcome
from pipelines.run_guard import guarded
from pipelines.settings import CityFolder

IN_PROCESS = Runner()


@step("receive: what arrived in the inbox")
def receive(night: Night) -> None:
    """Scan the inbox and keep the ledger of arrivals."""
    with night.timed("receive"):
        night.receive()


def read_files(night: Night) -> None:
    """Parse new files into parsed/: a task for each batch of files, wherever the flow runs its tasks."""
    with night.timed("read_files"):
        trying = read_batch.with_options(**again(night))
        batches = list(night.batches())
        reading = [trying.submit(night.city, batch) for batch in batches]
        for batch, read in zip(batches, reading, strict=True):
            night.note_read(batch, read.result())


@step("registers: what the office keeps; is anything new?")
def load_registers(night: Night) -> bool:
    """Read registers and decisions; tell whether anything differs from what was published."""
    with night.timed("load_registers"):
        return night.load_registers()


@step("readings: whose, which of rivals, what is held back")
def accept_readings(night: Night) -> None:
    """Begin the new file and fill readings, quarantine and the row account."""
    with night.timed("accept_readings"):
        night.open_next()
        night.accept_readings()


@step("energy: per meter, facility and day")
def count_energy(night: Night) -> None:
    """Spread over days, doubt, share, primary energy."""
    with night.timed("count_energy"):
        night.count_energy()


@step("emissions: factors, CO2, months and fiscal years")
def count_emissions(night: Night) -> None:
    """CO2 per basis and gas."""
    with night.timed("count_emissions"):
        night.count_emissions()


@step("targets: 達成 / 未達 / 判定不能")
def judge_targets(night: Night) -> None:
    """Verdicts, operators and posts."""
    with night.timed("judge_targets"):
        night.judge_targets()


@step("flags: what a person must look at")
def raise_flags(night: Night) -> None:
    """Flags with owner and state, findings, invariants."""
    with night.timed("raise_flags"):
        night.raise_flags()


@step("gate: Great Expectations on the new file")
def check(night: Night) -> None:
    """Run the suites; only a broken invariant of ours holds the publication back."""
    from expectations import night_gate

    with night.timed("check"):
        night_gate.check(night)


@step("publish: swap the new file in")
def publish(night: Night) -> None:
    """Readers see the new file from here on; then the documents that are made from it."""
    with night.timed("publish"):
        night.publish()
        night.write_pages()
        night.merge_parsed()


def again(night: Night) -> dict[str, Any]:
    """How often a task that looks at the inbox is tried, where the reason may pass."""
    schedule = night.city.settings.schedule
    delay = schedule.attempt_seconds
    return {"retries": schedule.attempts - 1, "retry_delay_seconds": delay, "retry_condition_fn": may_pass}


@flow(name="nightly", persist_result=False, validate_parameters=False)
def nightly(held: Held[Night], *, from_history: bool = False) -> Outcome:
    """The whole night on one city folder.

    Args:
        held: The run.
        from_history: Rebuild from parsed/ and history/ without looking at the inbox, even when nothing is new.
    """
    night = held.value
    if from_history:
        night.remember()
    else:
        receive.with_options(**again(night))(night)
        read_files(night)
    if not load_registers(night) and not from_history:
        night.outcome.nothing_new = True
        night.record("nothing_new")
        return night.outcome
    accept_readings(night)
    count_energy(night)
    count_emissions(night)
    judge_targets(night)
    raise_flags(night)
    check(night)
    publish(night)
    show(night)
    return night.outcome


def run(city: CityFolder, progress: Progress, *, from_history: bool = False, runner: Runner = IN_PROCESS) -> Outcome:
    """Run the night under the lock; heartbeats are off, since they cost a second at every end of a flow.

    Args:
        city: The city folder.
        progress: Called with (step, done, of) during long work.
        from_history: Rebuild without looking at the inbox.
        runner: Where the batches of files are read.

    Raises:
        AlreadyRunning: another run holds the lock.
        HeldBack: an invariant of ours is broken; the old file stays published.
        TimeLimitError, RunFailedError: it took too long, or disk, rights or a statement failed; the same.
    """
    night = Night(city, progress)
    quiet = temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
    with guarded(night), quiet, runner.tasks(city.data) as tasks:
        return nightly.with_options(task_runner=tasks)(Held(night), from_history=from_history)
