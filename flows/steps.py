"""What the flow of the night uses of Prefect: tasks under names people understand, when to try again, what its page shows."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext

from pipelines.reports.pages import validation_page
from pipelines.run.night import Night
from pipelines.settings.city import CityFolder
from pipelines.sources import parse
from pipelines.sources.open.open_file import Inbound
from pipelines.texts import both

P = ParamSpec("P")
T = TypeVar("T")
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
    """

    def __init__(self, name: str, work: Callable[P, T]) -> None:
        self.work = work
        self.task: Any = task(name=name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)(work)
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


def step(name: str) -> Callable[[Callable[P, T]], NightStep[P, T]]:
    """A step of the night, under a name a person understands."""
    return lambda work: NightStep(name, work)


def show(night: Night) -> None:
    """Leave on Prefect's page what the command prints: verdicts and counts, the flags, the page of the checks."""
    told = night.outcome
    counted: dict[str, dict[str, Any]] = {
        both("night_verdicts_told"): dict(told.verdicts),
        both("night_values"): dict(told.counts),
        both("night_seconds"): dict(told.seconds),
    }
    rows = [f"| {what} | {', '.join(f'{k} {v}' for k, v in some.items())} |" for what, some in counted.items()]
    create_markdown_artifact(key="summary", markdown="\n".join(["| | |", "|---|---|", *rows]), description=told.run_id)
    create_link_artifact(
        key="validation",
        link=(night.city.pages / validation_page.NAME).resolve().as_uri(),
        link_text=both("night_validation"),
    )
    columns = ("facility_id", "name", "rule_id", "severity", "ja")
    flags = [{column: str(flag[column]) for column in columns} for flag in told.flags]
    create_table_artifact(key="flags", table=flags, description=both("night_flags"))


@step("read a batch of files")
def read_batch(city: CityFolder, batch: list[Inbound]) -> list[Inbound]:
    """Parse a batch into parsed/; doing it once more gives the same files.

    Returns:
        The files that changed while they were read.
    """
    return parse.parse_into_store(batch, city.parsed, parse.ParseOptions.of(city), city.data / "tmp")
