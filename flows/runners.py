"""Where the tasks of a flow run: in this process, or on the workers of a Dask cluster (extra ``scale``).

Workers need the same program and see the city folder under the same path (a shared folder).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlparse

from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.server import ServerError, server
from pipelines.errors import ActionableError

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

    @contextmanager
    def tasks(self, data: Path) -> Iterator[TaskRunner[Any]]:
        """Give the task runner; with Dask, all workers report to one Prefect server, started here unless one is named.

        Args:
            data: Where an own server keeps its database.

        Raises:
            RunnerError: the extra is not installed, or far workers could not reach an own server.
            ServerError: no server can be reached or started.
        """
        if self.kind == "threads":
            yield ThreadPoolTaskRunner(max_workers=1)
            return
        try:
            from prefect_dask.task_runners import DaskTaskRunner
        except ImportError as error:
            raise RunnerError(
                "--runner dask には追加の部品が必要です: pip install 'facility-emissions[scale]' / needs the extra: scale"
            ) from error
        logging.getLogger("distributed").setLevel(logging.ERROR)  # a page of addresses at every start and end
        is_far = (urlparse(self.scheduler).hostname or "") not in LOCAL
        if is_far and not os.environ.get("PREFECT_API_URL"):
            raise RunnerError(
                f"--scheduler {self.scheduler}: 別の計算機のワーカーが届くPrefectサーバーを PREFECT_API_URL に設定してください。"
                " / set PREFECT_API_URL to a server that the workers reach"
            )
        with server(data) as address, temporary_settings({PREFECT_API_URL: address}):
            if self.scheduler:
                yield DaskTaskRunner(address=self.scheduler)
                return
            cluster = {"threads_per_worker": 1, "dashboard_address": None, "memory_limit": 0}
            if self.workers:
                cluster["n_workers"] = self.workers
            yield DaskTaskRunner(cluster_kwargs=cluster)


__all__ = ["Runner", "RunnerError", "ServerError"]
