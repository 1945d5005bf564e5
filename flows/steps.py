"""What the flow of the night uses of Prefect: tasks under names people understand, when to try again, what its page shows."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from functools import update_wrapper, wraps
from typing import Any, Generic, ParamSpec, TypeVar

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext

from pipelines.reports.plain_text import tonnes
from pipelines.reports.terminal.look import Terminal
from pipelines.run.building import Building
from pipelines.run.night import Arrived, Gathered, Night
from pipelines.settings.city import CityFolder
from pipelines.sources import parse
from pipelines.sources.open.open_file import Inbound
from pipelines.texts import label, word
from pipelines.warehouse import database

P = ParamSpec("P")
T = TypeVar("T")
Counts = Callable[..., Mapping[str, int]]
# What a folder on the network answers for a while when its server or the line is away. A full disk or a missing right stays.
PASSING = frozenset(
    {
        errno.EIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ECONNRESET,
        errno.ENOTCONN,
    }
)


def may_pass(_task: object, _run: TaskRun, state: State[Any]) -> bool:
    """Tell whether a task failed for a reason that may be gone a little later."""
    failure = state.result(raise_on_failure=False)
    return isinstance(failure, OSError) and failure.errno in PASSING


def again(night: Night) -> dict[str, Any]:
    """How often a task that looks at the inbox is tried, where the reason may pass."""
    schedule = night.city.settings.schedule
    delay = schedule.attempt_seconds
    return {"retries": schedule.attempts - 1, "retry_delay_seconds": delay, "retry_condition_fn": may_pass}


class NightStep(Generic[P, T]):
    """A step: a task of Prefect within a flow, and the plain function where Prefect is away.

    Args:
        name: A name that a person understands.
        work: The function.
        counts: What the task logs when it is done: of its outcome and of what it was given, name -> number.
    """

    def __init__(self, name: str, work: Callable[P, T], counts: Counts | None = None) -> None:
        self.work = work
        logged = work if counts is None else _logged(work, counts)
        self.task: Any = task(name=name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)(logged)
        update_wrapper(self, work)

    def __call__(self, *given: P.args, **named: P.kwargs) -> T:
        """Do it once."""
        told: T = self.task(*given, **named) if is_reported() else self.work(*given, **named)
        return told

    def tried(self, night: Night, *given: P.args, **named: P.kwargs) -> T:
        """Do it, and again where it failed for a reason that may pass."""
        options = again(night)
        if is_reported():
            told: T = self.task.with_options(**options)(*given, **named)
            return told
        for _ in range(options["retries"]):
            try:
                return self.work(*given, **named)
            except OSError as error:
                if error.errno not in PASSING:
                    raise
                time.sleep(options["retry_delay_seconds"])
        return self.work(*given, **named)


def is_reported() -> bool:
    """Tell whether this runs within a flow."""
    return FlowRunContext.get() is not None


def step(name: str, counts: Counts | None = None) -> Callable[[Callable[P, T]], NightStep[P, T]]:
    """A step of the night, under a name a person understands, with what its line in the log counts."""
    return lambda work: NightStep(name, work, counts)


def rows(*names: str) -> Counts:
    """Count the rows of tables of the new file, which a step is given or makes."""

    def counted(made: Building, *given: object) -> Mapping[str, int]:
        building = made if isinstance(made, Building) else next(g for g in given if isinstance(g, Building))
        return {name: database.count(building.connection, name) for name in names}

    return counted


def files_counted(arrived: Arrived, *_: object) -> Mapping[str, int]:
    """The files that count, and those to be read."""
    return {"files": len(arrived.files), "new": len(arrived.to_parse)}


def registers_counted(gathered: Gathered, *_: object) -> Mapping[str, int]:
    """The rows of each register that has any."""
    return {name: len(kept) for name, kept in gathered.known.registers.rows.items() if kept}


def values_counted(_: object, made: Building) -> Mapping[str, int]:
    """The row account of what was published."""
    return made.outcome.counts


def people_told(_: object, night: Night) -> Mapping[str, int]:
    """How many persons were told, by what."""
    return {name: number for name, number in night.outcome.told_people.items() if isinstance(number, int)}


def _logged(work: Callable[P, T], counts: Counts) -> Callable[P, T]:
    """The work, and then one line of what it counted on the page of its task."""

    @wraps(work)
    def told(*given: P.args, **named: P.kwargs) -> T:
        done = work(*given, **named)
        get_run_logger().info(" / ".join(f"{name} {number:,}" for name, number in counts(done, *given).items()))
        return done

    return told


def show(night: Night) -> None:
    """Leave on Prefect's page what the command prints: the summary, and the flags with their owners and tonnes."""
    told, out = night.outcome, Terminal(night.city.settings.city.language)
    verdicts = " / ".join(f"{word(verdict, out.language)} {count}" for verdict, count in told.verdicts.items())
    lines = {
        out.say("col_verdict"): verdicts,
        word("values", out.language): " / ".join(
            f"{word(name, out.language)} {count:,}" for name, count in told.counts.items()
        ),
        word("flag", out.language): len(told.flags),
        out.say("took"): f"{sum(told.seconds.values()):,.1f} s",
    }
    table = "\n".join(f"| {what} | {told_of} |" for what, told_of in lines.items())
    create_markdown_artifact(
        key="summary", markdown=f"## {run_name(night.city)}\n\n| | |\n|---|---|\n{table}", description=told.run_id
    )
    flags = [
        {
            out.say("col_facility"): f"{flag['facility_id']} {flag['name']}",
            out.say("col_message"): flag[out.language],
            out.say("col_severity"): word(flag["severity"], out.language),
            out.say("col_stake"): tonnes(flag["stake"]),
            out.say("col_owner"): flag["owner"] or "-",
            out.say("col_state"): word(flag["state"], out.language),
        }
        for flag in told.flags
    ]
    create_table_artifact(key="flags", table=flags, description=word("flag", out.language))


def run_name(city: CityFolder) -> str:
    """How a run is called on Prefect's page: by city and date."""
    settings = city.settings.city
    title = label("night_title", settings.language)
    return title.format(city=settings.name, today=city.today)


@step("read a batch of files", lambda changed, _city, batch: {"files": len(batch), "still_being_written": len(changed)})
def read_batch(city: CityFolder, batch: list[Inbound]) -> list[Inbound]:
    """Parse a batch into parsed/; doing it once more gives the same files.

    Returns:
        The files that changed while they were read.
    """
    return parse.parse_into_store(batch, city.parsed, parse.ParseOptions.of(city), city.data / "tmp")


@step("notices: each person is told what is new, due or overdue", people_told)
def tell_people(night: Night) -> None:
    """A file or a mail a person; also where nothing new was published, for due dates come nearer."""
    with night.timed("tell_people"):
        night.tell_people()
