"""Tell people what became of a run: a webhook and a mail server, as city.toml says. Secrets stay in the environment.

An announcement that cannot be sent never harms the run: it is reported as a sentence.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import urllib.request
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from urllib.error import URLError

from pipelines.operation_spec import Announce, Mail
from pipelines.reports.words import label

SECONDS = 10


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
        return label(f"announce_{self.outcome}", language).format(city=self.city)

    def text(self, language: str) -> str:
        """The whole message."""
        return "\n".join([self.subject(language), "", self.detail, f"→ {self.remedy}", f"run {self.run_id}"])


def announce(settings: Announce, notice: Notice, language: str) -> list[str]:
    """Send a notice wherever the settings say.

    Args:
        settings: The city's section ``announce``.
        notice: What to tell.
        language: ``ja`` or ``en``.

    Returns:
        One sentence for each way that failed.
    """
    if notice.outcome not in settings.on:
        return []
    problems = []
    if settings.webhook_env:
        problems += _webhook(settings.webhook_env, notice, language)
    if settings.mail is not None:
        problems += _mail(settings.mail, notice, language)
    return problems


def _webhook(variable: str, notice: Notice, language: str) -> list[str]:
    """Post JSON whose ``text`` chat services show as it is."""
    address = os.environ.get(variable, "")
    if not address.startswith(("https://", "http://")):
        return [label("announce_no_address", language).format(variable=variable)]
    body = json.dumps({"text": notice.text(language), **asdict(notice)}, ensure_ascii=False).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310 - http(s) only, checked above
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310 - the same
            return []
    except (URLError, OSError, ValueError) as error:
        # the address is a secret: it is never part of the sentence
        return [label("announce_webhook_failed", language).format(problem=getattr(error, "reason", error))]


def _mail(mail: Mail, notice: Notice, language: str) -> list[str]:
    message = EmailMessage()
    message["Subject"] = notice.subject(language)
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.recipients)
    message.set_content(notice.text(language))
    kind = smtplib.SMTP_SSL if mail.encryption == "tls" else smtplib.SMTP
    try:
        with kind(mail.host, mail.port, timeout=SECONDS) as server:
            if mail.encryption == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mail.user:
                server.login(mail.user, os.environ.get(mail.password_env, ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        return [label("announce_mail_failed", language).format(server=mail.host, problem=error)]
    return []
