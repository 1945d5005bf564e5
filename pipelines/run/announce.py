"""Tell people what became of a run: a webhook and a mail server, as city.toml says. Secrets stay in the environment.

An announcement never harms the run: whatever goes wrong becomes a sentence, all ways together have one deadline, and
nothing is sent to anybody whose certificate does not prove who they are. No message names a secret.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from ipaddress import ip_address
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit

from pipelines.process.deadline import Apart
from pipelines.reports.plain_text import one_line
from pipelines.settings.operation import Announce, Mail
from pipelines.settings.secret import hidden, secrets
from pipelines.texts import say

SECONDS = 10  # for all ways together, from the first name looked up to the last answer
LONGEST_TEXT = 4_000


class RefusedError(Exception):
    """What is asked for is not done: a label and its values say why."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told: the outcome of one run."""

    city: str
    outcome: str
    run_id: str
    detail: str
    remedy: str

    def subject(self, language: str) -> str:
        """One line."""
        return one_line(say(f"announce_{self.outcome}", language, city=self.city))

    def text(self, language: str) -> str:
        """The whole message."""
        return "\n".join([self.subject(language), "", self.detail, f"→ {self.remedy}", f"run {self.run_id}"])


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one way of telling: ``problem`` is a sentence, empty where the other side took it."""

    way: str
    problem: str


def announce(settings: Announce, notice: Notice, language: str) -> list[Sent]:
    """Send a notice wherever the settings say. Never raises, and ends within ``SECONDS``.

    Args:
        settings: The city's section ``announce``.
        notice: What to tell.
        language: ``ja`` or ``en``.

    Returns:
        What became of each way; empty where nothing is to be told.
    """
    if notice.outcome not in settings.on:
        return []
    known = secrets([settings.webhook_env, *([settings.mail.password_env] if settings.mail else [])])
    told = Notice(**{key: _sendable(value, known) for key, value in asdict(notice).items()})
    until = time.monotonic() + SECONDS
    begun = [(way, _begun(send)) for way, send in _ways(settings, told, language)]
    return [Sent(way, _outcome(way, call, until, settings, language, known)) for way, call in begun]


def _sendable(text: str, known: set[str]) -> str:
    """Return a text that can be encoded, of bounded length, without secrets."""
    text = hidden(text, known).encode(errors="backslashreplace").decode()
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _ways(settings: Announce, notice: Notice, language: str) -> Iterator[tuple[str, Callable[[], None]]]:
    if variable := settings.webhook_env:
        yield "webhook", lambda: _webhook(variable, notice, language)
    if (mail := settings.mail) is not None:
        yield "mail", lambda: _mail(mail, notice, language)


def _begun(send: Callable[[], None]) -> Apart[None] | Exception:
    try:
        return Apart(send, "announcement")
    except Exception as error:
        return error


def _outcome(
    way: str, call: Apart[None] | Exception, until: float, settings: Announce, language: str, known: set[str]
) -> str:
    """Wait for a way until the deadline; return a sentence where it failed."""
    try:
        if isinstance(call, Exception):
            raise call
        call.result(until - time.monotonic())
    except Exception as error:
        problem = hidden(one_line(problem_of(error, language)), known)
        server = settings.mail.host if settings.mail else ""
        return say(f"announce_{way}_failed", language, problem=problem, server=server)
    return ""


def problem_of(error: BaseException, language: str) -> str:
    """Say what went wrong without quoting what only this side wrote: an exception may hold the address or the password."""
    if isinstance(error, URLError) and not isinstance(error, HTTPError) and isinstance(error.reason, Exception):
        error = error.reason
    for kind, told in TOLD:
        if isinstance(error, kind):
            key, values = told(error)
            return say(key, language, **values) if key else str(values["said"])
    said = error.strerror if isinstance(error, OSError) else None
    return said or type(error).__name__


def _said(error: Any) -> dict[str, Any]:  # noqa: ANN401 - an SMTPResponseException
    words = error.smtp_error
    return {"said": f"{error.smtp_code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"}


# kind of exception -> the label of its sentence and the values in it; no label: what it said itself. The first that fits.
TOLD: tuple[tuple[type[BaseException], Callable[[Any], tuple[str, dict[str, Any]]]], ...] = (
    (RefusedError, lambda error: (error.key, error.values)),
    (HTTPError, lambda error: (f"announce_{'redirected' if error.code < 400 else 'answered'}", {"code": error.code})),
    (ssl.SSLCertVerificationError, lambda error: ("announce_certificate", {"problem": error.verify_message})),
    # the words of a refused login may repeat the password, in whatever spelling
    (smtplib.SMTPAuthenticationError, lambda error: ("announce_login_refused", {"code": error.smtp_code})),
    (smtplib.SMTPResponseException, lambda error: ("", _said(error))),
    (smtplib.SMTPRecipientsRefused, lambda error: ("", {"said": ", ".join(sorted(error.recipients))})),
    (smtplib.SMTPNotSupportedError, lambda error: ("", {"said": error})),
    (smtplib.SMTPServerDisconnected, lambda error: ("", {"said": error})),
    (TimeoutError, lambda _: ("announce_no_answer", {"seconds": f"{SECONDS:g}"})),
)


# ---------------------------------------------------------------- webhook


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Go nowhere else: the message is for the address that the city wrote down."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: object,
        newurl: str,
    ) -> None:
        """Follow none."""


def _webhook(variable: str, notice: Notice, language: str) -> None:
    """Post JSON whose ``text`` chat services show as it is."""
    address = os.environ.get(variable, "").strip()
    parts = _checked(address, variable)
    body = json.dumps({"text": notice.text(language), **asdict(notice)}, ensure_ascii=False).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310 - checked above
    handlers = [_NoRedirect(), urllib.request.HTTPSHandler(context=ssl.create_default_context())]
    if parts.scheme == "http":  # to this very machine: through no proxy
        handlers.append(urllib.request.ProxyHandler({}))
    with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS):
        return


def _checked(address: str, variable: str) -> SplitResult:
    """Return the parts of an address that may be told: https, or http to this very machine."""
    refused = RefusedError("announce_no_address", variable=variable)
    if not address.isprintable() or " " in address:
        raise refused
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise refused from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))):
        raise refused
    return parts


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


# ---------------------------------------------------------------- mail


def _mail(mail: Mail, notice: Notice, language: str) -> None:
    message = _message(mail, notice, language)
    with connected(mail) as server:
        server.send_message(message)


@contextmanager
def connected(mail: Mail) -> Iterator[smtplib.SMTP]:
    """Give a mail server that takes messages; it proves who it is before it learns the password.

    Raises:
        RefusedError: a login without encryption, or without a password.
        OSError, SMTPException: it cannot be reached, or refuses.
    """
    password = os.environ.get(mail.password_env, "") if mail.user else ""
    if mail.user and mail.encryption == "none":
        raise RefusedError("announce_in_the_clear")
    if mail.user and not password:
        raise RefusedError("announce_no_password", variable=mail.password_env)
    proving = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=proving)
        if mail.encryption == "tls"
        else smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)
    )
    with server:
        if mail.encryption == "starttls":
            server.starttls(context=proving)
        if mail.user:
            if not isinstance(server.sock, ssl.SSLSocket):
                raise RefusedError("announce_in_the_clear")
            server.login(mail.user, password)
        yield server


def _message(mail: Mail, notice: Notice, language: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = notice.subject(language)
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.recipients)
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    message.set_content(notice.text(language))
    return message
