"""The night: what arrived is read, turned into energy and CO2, judged, flagged, checked and published.

Ten tasks in the order of the folders under ``pipelines/``. Works with no server running (Prefect then starts one for
itself and keeps everything inside the data folder) and reports to the server that ``PREFECT_API_URL`` names. What
happened stands in our own table ``runs``: Prefect's database is never the audit trail.
"""

from __future__ import annotations

from prefect import flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.steps import may_pass, show, step
from pipelines.night import Night, Progress
from pipelines.outcome import Outcome
from pipelines.run_guard import guarded
from pipelines.settings import CityFolder


@step("receive: what arrived in the inbox")
def receive(night: Night) -> None:
    """Scan the inbox and keep the ledger of arrivals."""
    with night.timed("receive"):
        night.receive()


@step("read files: values as the suppliers wrote them")
def read_files(night: Night) -> None:
    """Parse new files into parsed/."""
    with night.timed("read_files"):
        night.read_files()


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


@flow(name="nightly", persist_result=False, validate_parameters=False)
def nightly(night: Night, *, from_history: bool = False) -> Outcome:
    """The whole night on one city folder.

    Args:
        night: The run.
        from_history: Rebuild from parsed/ and history/ without looking at the inbox, even when nothing is new.
    """
    if from_history:
        night.remember()
    else:
        for look in (receive, read_files):
            schedule = night.city.settings.schedule
            look.with_options(
                retries=schedule.attempts - 1, retry_delay_seconds=schedule.attempt_seconds, retry_condition_fn=may_pass
            )(night)
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


def run(city: CityFolder, progress: Progress, *, from_history: bool = False) -> Outcome:
    """Run the night under the lock; heartbeats are off, since they cost a second at every end of a flow.

    Raises:
        AlreadyRunning: another run holds the lock.
        HeldBack: an invariant of ours is broken; the old file stays published.
        TimeLimitError, RunFailedError: it took too long, or disk, rights or a statement failed; the same.
    """
    night = Night(city, progress)
    with guarded(night), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        return nightly(night, from_history=from_history)
