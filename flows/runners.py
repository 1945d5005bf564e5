"""Where the tasks of a flow run: in this process, or on the workers of a Dask cluster (extra ``scale``).

Workers need the same program and see the city folder under the same path (a shared folder).
"""

from __future__ import annotations

import importlib.util
import logging
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlparse

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from pipelines.errors import ActionableError
from pipelines.texts import both

T = TypeVar("T")
LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})


class RunnerError(ActionableError, RuntimeError):
    """The runner that was asked for cannot be used; the message says what to do."""


class Held(Generic[T]):
    """Hands a value of this process to a flow; on a worker it arrives empty.

    Prefect sends a flow's parameters along with each task, and connections and progress bars cannot go.
    """

    def __init__(self, value: T | None = None) -> None:
        self._value = value

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return Held, ()

    @property
    def value(self) -> T:
        """The value.

        Raises:
            RuntimeError: this is another process.
        """
        if self._value is None:
            raise RuntimeError("held by another process")
        return self._value


@dataclass(frozen=True, slots=True)
class Runner:
    """Which runner.

    Args:
        kind: ``threads`` (this process, one task after the other: DuckDB uses the cores) or ``dask``.
        scheduler: Address of a Dask scheduler; empty: a cluster on this machine for the length of the run.
        workers: Processes of that cluster; 0: one per core.
    """

    kind: str = "threads"
    scheduler: str = ""
    workers: int = 0

    def check(self, named: str | None) -> None:
        """Refuse a runner that cannot be used.

        Args:
            named: The address of the Prefect server that is named, if any.

        Raises:
            RunnerError: the extra is not installed, or far workers could not reach an own server.
        """
        if self.kind == "threads":
            return
        if importlib.util.find_spec("prefect_dask") is None:
            raise RunnerError(both("runner_needs_extra"))
        if (urlparse(self.scheduler).hostname or "") not in LOCAL and not named:
            raise RunnerError(both("workers_need_server", at=f"--scheduler {self.scheduler}"))

    def tasks(self) -> TaskRunner[Any]:
        """Return the task runner of a flow; with Dask, all workers report to the flow's server."""
        if self.kind == "threads":
            return ThreadPoolTaskRunner(max_workers=1)
        from prefect_dask.task_runners import DaskTaskRunner

        logging.getLogger("distributed").setLevel(logging.ERROR)  # a page of addresses at every start and end
        if self.scheduler:
            return DaskTaskRunner(address=self.scheduler)
        cluster = {"threads_per_worker": 1, "dashboard_address": None, "memory_limit": 0}
        if self.workers:
            cluster["n_workers"] = self.workers
        return DaskTaskRunner(cluster_kwargs=cluster)
