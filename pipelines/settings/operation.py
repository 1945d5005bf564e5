"""The sections of city.toml about running: schedule, announcements, retention, questions. None changes a number."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self, get_args

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, field_validator, model_validator

from pipelines.settings.layout import Frozen
from pipelines.texts import both

# the folder of the inbox whose answer sheets are taken as answers
ANSWERS_FOLDER = "回答"
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Event = Literal["failed", "held_back", "crashed", "timed_out", "published"]
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)?")


def _is_an_address(text: str) -> str:
    """One address and nothing else: a name, a comma or a line end would become part of the message's head."""
    if not ADDRESS.fullmatch(text):
        raise ValueError(both("one_mail_address"))
    return text


def _is_a_variable(text: str) -> str:
    """A name: who puts the secret itself here learns it before it stands in a log."""
    if not VARIABLE.fullmatch(text):
        raise ValueError(both("name_of_a_variable"))
    return text


Address = Annotated[str, AfterValidator(_is_an_address)]
Variable = Annotated[str, AfterValidator(_is_a_variable)]


class Schedule(Frozen):
    """When the night runs, and how long it may take."""

    cron: str = Field("30 4 * * *", description="When the night runs, as a cron line in the city's time zone.")
    longest_minutes: int = Field(240, ge=1, le=1_440, description="After so many minutes a run is stopped.")
    attempts: int = Field(3, ge=1, le=10, description="How often reading the inbox is tried when a folder fails.")
    attempt_seconds: int = Field(20, ge=0, le=3_600, description="Seconds between two attempts.")

    @field_validator("cron")
    @classmethod
    def _is_a_cron_line(cls, line: str) -> str:
        try:
            CronSim(line, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(both("fields_of_cron", at=error)) from error
        return line

    def next_after(self, moment: datetime) -> datetime | None:
        """Return when the next night is planned after a moment, both local; none where city.toml states no cron line."""
        return next(CronSim(self.cron, moment), None) if "cron" in self.model_fields_set else None


class Mail(Frozen):
    """A mail server for announcements; the password stays in the environment."""

    host: Annotated[str, Field(pattern=r"^[^\s/@]+$")] = Field(description="SMTP server: its name, no address.")
    port: int = Field(587, ge=1, le=65_535, description="Its port.")
    encryption: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls, or none: then without a login."
    )
    sender: Address = Field(description="Sender's address.")
    recipients: Annotated[tuple[Address, ...], Field(min_length=1)] = Field(description="Addresses that are told.")
    user: str = Field("", description="User for the login; empty: none.")
    password_env: Variable = Field("", description="Name of the environment variable that holds the password.")

    @model_validator(mode="after")
    def _logs_in_safely(self) -> Mail:
        if self.user and self.encryption == "none":
            raise ValueError(both("no_login_in_the_clear", at="user"))
        if self.user and not self.password_env:
            raise ValueError(both("password_required", at="password_env"))
        return self


class Announce(Frozen):
    """Who is told what of a run."""

    on: tuple[Event, ...] = Field(
        ("failed", "held_back", "crashed", "timed_out"), description="Outcomes that are announced."
    )
    webhook_env: Variable = Field("", description="Name of the environment variable that holds the webhook's address.")
    mail: Mail | None = Field(None, description="Mail server; absent: no mail.")


class Notices(Frozen):
    """What each person is told in the morning of the questions that wait for him."""

    send: bool = Field(
        False, description="Send the mails by announce.mail; else each is written as a file (.eml) to be sent by hand."
    )
    days: tuple[Weekday, ...] = Field(
        WEEKDAYS[:5], description="Days of the week on which people are told; none: never."
    )

    def is_on(self, today: date) -> bool:
        """Tell whether people are told on a day."""
        return WEEKDAYS[today.weekday()] in self.days


class Telling(Frozen):
    """The sections about telling people: of the run, and of what waits for them."""

    announce: Announce = Field(default_factory=Announce)
    notices: Notices = Field(default_factory=Notices)

    @model_validator(mode="after")
    def _can_send(self) -> Self:
        if self.notices.send and self.announce.mail is None:
            raise ValueError(both("notices_need_mail", at="notices.send"))
        return self


class Questions(Frozen):
    """Which flags (要確認事項) are asked of people. A flag that is not asked keeps its bounds and its effect on verdicts."""

    per_week: int = Field(40, ge=1, le=100_000, description="Most new questions a week; the others wait.")
    of_facility: float = Field(
        0.02, ge=0, le=1, description="Share of a facility's year from which a flag is worth a question."
    )
    least_t: float = Field(1.0, ge=0, le=1e6, description="Tonnes that it must be worth as well.")
    of_operator: float = Field(
        0.0005, ge=0, le=1, description="Share of an operator's year from which a question is worth asking."
    )
    standing_difference: float = Field(
        0.2,
        ge=0,
        le=1,
        description="By which share a flag may exceed the one of an earlier year whose answer stands for it.",
    )
    silent_nights: int = Field(
        30, ge=0, le=1000, description="Nights for which a rule that is new to the city raises flags and asks nobody."
    )


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


class Answers(Frozen):
    """The rounds in which departments are asked."""

    answer_days: int = Field(21, ge=1, le=365, description="Days that departments have for the answers of a round.")


class WebDesk(Frozen):
    """The desk in a browser (``review serve``)."""

    address: str = Field(
        "127.0.0.1", description="Address on which it listens; another than this machine's own only behind a proxy."
    )
    port: int = Field(8800, ge=1, le=65_535, description="Its port.")
    names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")], ...] = Field(
        (), description="Names under which browsers reach it; empty: this machine alone."
    )
    https: bool = Field(False, description="Whether a proxy in front serves it over HTTPS.")
    proxy: Annotated[str, Field(pattern=r"^[0-9a-fA-F.:]*$")] = Field(
        "", description="Address of the proxy whose log-in name counts; empty: passwords alone."
    )
    proxy_header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = Field(
        "Remote-User", description="Header in which the proxy passes the name on."
    )
    session_hours: float = Field(10, gt=0, le=168, description="Hours after which a log-in ends.")
    attempts: int = Field(5, ge=1, le=100, description="Failed log-ins after which an account is locked.")
    locked_minutes: float = Field(30, gt=0, le=10_080, description="Minutes that it stays locked.")


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
