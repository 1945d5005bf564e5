"""What the flow of the night uses of Prefect: tasks under names people understand, when to try again, what its page shows."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from pipelines.night import Night
from pipelines.reports import validation_page
from pipelines.settings import CityFolder
from pipelines.sources import parse
from pipelines.sources.open_file import Inbound

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


def step(name: str) -> Callable[[Callable[[Night], Any]], Any]:
    """A task of the night, under a name a person understands."""
    return task(name=name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)


def show(night: Night) -> None:
    """Leave on Prefect's page what the command prints: verdicts and counts, the flags, the page of the checks."""
    told = night.outcome
    counted: dict[str, dict[str, Any]] = {
        "達成・未達・判定不能 / verdicts": dict(told.verdicts),
        "値 / values": dict(told.counts),
        "秒 / seconds": dict(told.seconds),
    }
    rows = [f"| {what} | {', '.join(f'{k} {v}' for k, v in some.items())} |" for what, some in counted.items()]
    create_markdown_artifact(key="summary", markdown="\n".join(["| | |", "|---|---|", *rows]), description=told.run_id)
    create_link_artifact(
        key="validation",
        link=(night.city.pages / validation_page.NAME).resolve().as_uri(),
        link_text="データ検査 / validation",
    )
    columns = ("facility_id", "name", "rule_id", "severity", "ja")
    flags = [{column: str(flag[column]) for column in columns} for flag in told.flags]
    create_table_artifact(key="flags", table=flags, description="要確認事項 / flags")


@task(name="read a batch of files", cache_policy=NO_CACHE, persist_result=False, log_prints=False)
def read_batch(city: CityFolder, batch: list[Inbound]) -> list[Inbound]:
    """Parse a batch into parsed/; doing it once more gives the same files.

    Returns:
        The files that changed while they were read.
    """
    return parse.parse_into_store(batch, city.parsed, parse.Reading.of(city), city.data / "tmp")
