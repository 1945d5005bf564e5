"""The sections of city.toml about running: schedule, announcements, retention, questions in SQL. None changes a number."""

from __future__ import annotations

from typing import Annotated, Literal

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator

from pipelines.layout_spec import Frozen

Event = Literal["failed", "held_back", "crashed", "timed_out", "published"]


class Schedule(Frozen):
    """When the night runs, and how long it may take."""

    cron: str = Field("30 4 * * *", description="When the night runs, as a cron line in the city's time zone.")
    longest_minutes: int = Field(240, ge=1, le=1_440, description="After so many minutes a run is stopped.")
    attempts: int = Field(3, ge=1, le=10, description="How often reading the inbox is tried when a folder fails.")
    attempt_seconds: int = Field(20, ge=0, le=3_600, description="Seconds between two attempts.")

    @field_validator("cron")
    @classmethod
    def _is_a_cron_line(cls, line: str) -> str:
        from datetime import UTC, datetime

        try:
            CronSim(line, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(f"{error}: 分 時 日 月 曜日 / minute hour day month weekday") from error
        return line


class Mail(Frozen):
    """A mail server for announcements; the password stays in the environment."""

    host: Annotated[str, Field(min_length=1)] = Field(description="SMTP server.")
    port: int = Field(587, ge=1, le=65_535, description="Its port.")
    encryption: Literal["starttls", "tls", "none"] = Field("starttls", description="starttls, tls or none.")
    sender: Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$")] = Field(description="Sender's address.")
    recipients: Annotated[tuple[str, ...], Field(min_length=1)] = Field(description="Addresses that are told.")
    user: str = Field("", description="User for the login; empty: none.")
    password_env: str = Field("", description="Name of the environment variable that holds the password.")


class Announce(Frozen):
    """Who is told what of a run."""

    on: tuple[Event, ...] = Field(
        ("failed", "held_back", "crashed", "timed_out"), description="Outcomes that are announced."
    )
    webhook_env: str = Field("", description="Name of the environment variable that holds the webhook's address.")
    mail: Mail | None = Field(None, description="Mail server; absent: no mail.")


class Inbox(Frozen):
    """Where files arrive, if not in the folder ``inbox/`` itself."""

    url: Annotated[str, Field(pattern=r"^(|[a-z][a-z0-9+.-]*://.+)$")] = Field(
        "", description="A place that fsspec reaches (s3://bucket/inbox): copied into inbox/ before each scan."
    )


class Pages(Frozen):
    """Where the pages for people are written."""

    folder: str = Field(
        "",
        description="A folder for the pages, such as a share; empty: pages/ in the data folder. Relative: to the city folder.",
    )


class Rights(Frozen):
    """Who may read decisions, history, backups and logs besides the account that runs the nights."""

    group: str = Field("", description="Name of a group that may read and write them; empty: nobody else.")


class Sql(Frozen):
    """How far a question of somebody's own (``facility-emissions sql``) may go."""

    longest_seconds: float = Field(
        300, gt=0, le=86_400, description="How long DuckDB may work on a question before it is stopped."
    )
    most_rows: int = Field(1_000_000, ge=1, le=1_000_000_000, description="Most rows of an answer; more are cut off.")


class Retention(Frozen):
    """How long working files are kept. The history is kept for ever."""

    parsed_unused_days: int = Field(
        30, ge=0, le=36_500, description="Days after which parsed files that no arrival needs any more are removed."
    )
    raw_years: int = Field(
        11, ge=1, le=100, description="Years after which `tidy` names files of the inbox that may go to an archive."
    )
