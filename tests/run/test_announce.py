"""An announcement tells people what became of a run, gives no secret away and never harms the run."""

from __future__ import annotations

import base64
import json
import socket
import time
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from pipelines.history.journal import HistoryLostError
from pipelines.history.records import History
from pipelines.process.deadline import within
from pipelines.run import announce as announcing
from pipelines.run.announce import Notice, announce
from pipelines.run.guard import RunFailedError, guarded
from pipelines.run.lock import running
from pipelines.run.night import Night
from pipelines.settings import secret as hiding
from pipelines.settings.city import load_settings
from pipelines.settings.city_file import SettingsError
from pipelines.settings.operation import Announce, Mail
from pipelines.warehouse.publish import HeldBack
from tests.announced import HOST, Http, Smtp, certificate, context, dripping, listening, silent
from tests.making import City
from tests.upkeep.test_operation import DIES_IN_A_RUN, command, night

PASSWORD = "open-sesame"  # noqa: S105 - of a server of ours
NOTICE = Notice("試験市", "failed", "r1", "理由", "すること")


def mail(port: int, encryption: str = "starttls", host: str = HOST, **more: Any) -> Announce:
    settings: dict[str, Any] = {
        "host": host, "port": port, "encryption": encryption, "sender": "a@example.jp",
        "recipients": ("b@example.jp",), "user": "u", "password_env": "CITY_PASSWORD",
    }  # fmt: skip
    return Announce(mail=Mail(**(settings | more)))


def hook(monkeypatch: pytest.MonkeyPatch, address: str) -> Announce:
    monkeypatch.setenv("CITY_WEBHOOK", address)
    return Announce(webhook_env="CITY_WEBHOOK")


def problems(settings: Announce, notice: Notice = NOTICE) -> list[str]:
    return [sent.problem for sent in announce(settings, notice, "ja") if sent.problem]


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITY_PASSWORD", PASSWORD)


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    return certificate(tmp_path, HOST)


# ---------------------------------------------------------------- to whom the password goes


def server_for(encryption: str, path: Path) -> Smtp:
    return Smtp(tls=context(path)) if encryption == "tls" else Smtp(starttls=context(path))


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_a_server_with_a_good_certificate_gets_login_and_mail(
    encryption: str, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ours))
    server = server_for(encryption, ours)
    with listening(server) as port:
        assert problems(mail(port, encryption)) == []
        assert problems(mail(port, encryption), Notice("市", "published", "r", "", "")) == [], "not asked for"
    sent = message_from_bytes(server.mail, policy=policy.default)
    assert len(server.logins) == 1 and sent["To"] == "b@example.jp" and "試験市" in sent["Subject"]
    body = sent.get_body()
    assert body is not None and "すること" in body.get_content()


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
@pytest.mark.parametrize("fault", ["nobody signed it", "of another host"])
def test_a_certificate_that_proves_nothing_gets_no_password(
    encryption: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path, HOST if fault == "nobody signed it" else "mail.example.jp")
    if fault == "of another host":
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    server = server_for(encryption, path)
    with listening(server) as port:
        (told,) = problems(mail(port, encryption))
    assert HOST in told and "SSL_CERT_FILE" in told
    assert server.logins == [] and server.mail == b""


def test_a_server_that_offers_no_encryption_gets_no_password() -> None:
    server = Smtp()
    with listening(server) as port:
        assert len(problems(mail(port, "starttls"))) == 1
        unchecked = mail(port).mail
        assert unchecked is not None
        plain = Mail.model_construct(**(unchecked.model_dump() | {"encryption": "none"}))
        (told,) = problems(Announce.model_construct(on=("failed",), webhook_env="", mail=plain))
    assert "暗号" in told
    assert server.logins == [] and server.mail == b""


def test_a_mail_without_login_may_go_to_a_relay_in_the_clear() -> None:
    server = Smtp()
    with listening(server) as port:
        assert problems(mail(port, "none", user="", password_env="")) == []
    assert server.mail and server.logins == []


def test_no_certificate_is_taken_on_trust_by_the_webhook(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Http(tls=context(ours))
    with listening(server) as port:
        settings = hook(monkeypatch, f"https://{HOST}:{port}/secret-path")
        assert len(problems(settings)) == 1 and server.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(ours))
        assert problems(settings) == []
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["outcome"] == "failed"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Http()
    with listening(elsewhere) as other:
        server = Http(f"{code} Moved", f"Location: http://{HOST}:{other}/stolen\r\n")
        with listening(server) as port:
            (told,) = problems(hook(monkeypatch, f"http://{HOST}:{port}/secret-path"))
    assert str(code) in told and len(server.requests) == 1 and elsewhere.requests == []


@pytest.mark.parametrize(
    "address", ["http://192.0.2.1/secret-path", "ftp://192.0.2.1/secret-path", "file:///etc/secret-path", "secret-path",
                "https://", "https://[::1/secret-path", "http://127.0.0.1\r\nX: y/secret-path", "http://127.0.0.1.example/secret-path"],
)  # fmt: skip
def test_only_an_encrypted_address_is_used(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = time.monotonic()
    (told,) = problems(hook(monkeypatch, address))
    assert "https" in told and "CITY_WEBHOOK" in told and "secret-path" not in told
    assert time.monotonic() - begun < 1


# ---------------------------------------------------------------- how long it may take


@pytest.mark.parametrize("way", ["mail", "smtps", "webhook"])
@pytest.mark.parametrize("server", ["silent", "dripping"])
def test_a_server_that_holds_the_line_is_left_at_the_deadline(
    way: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "SECONDS", 1.5)
    begin = b"HTTP/1.1 200 OK\r\nX: " if way == "webhook" else b"220-"
    with listening(silent if server == "silent" else dripping(begin)) as port:
        settings = hook(monkeypatch, f"http://{HOST}:{port}/x") if way == "webhook" else mail(port)
        if way == "smtps":
            settings = mail(port, "tls")
        begun = time.monotonic()
        assert len(problems(settings)) == 1
    assert time.monotonic() - begun < 3


def test_both_ways_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "SECONDS", 1.5)
    with listening(dripping(b"HTTP/1.1 200 OK\r\nX: ")) as port:
        settings = Announce(mail=mail(port).mail, webhook_env=hook(monkeypatch, f"http://{HOST}:{port}/x").webhook_env)
        begun = time.monotonic()
        assert len(problems(settings)) == 2
    assert time.monotonic() - begun < 2.5


def test_a_call_within_a_deadline_gives_its_value_or_its_error() -> None:
    assert within(5, lambda: 7) == 7
    with pytest.raises(KeyError, match="a"):
        within(5, lambda: dict[str, int]()["a"])
    with pytest.raises(TimeoutError):
        within(0.1, lambda: time.sleep(3))


# ---------------------------------------------------------------- what the message holds


@pytest.mark.parametrize(
    "name", ["市\r\nBcc: x@example.jp", "市\n\nbody", "市\x00\x1b[2J", "市\u2028\u2029\x85", "市" * 2000]
)
def test_a_subject_is_one_line(name: str) -> None:
    server = Smtp()
    with listening(server) as port:
        settings = mail(port, "none", user="", password_env="")
        assert problems(settings, Notice(name, "failed", "r1", "a\r\nb", "c")) == []
    sent = message_from_bytes(server.mail, policy=policy.default)
    assert sent["Bcc"] is None and len(sent["Subject"].splitlines()) == 1 and len(sent["Subject"]) <= 200
    assert sent["Subject"].isprintable()


def test_details_that_are_no_text_and_very_long_are_sent_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing, server = Smtp(), Http()
    notice = Notice("市", "failed", "r1", "file-\udc83\udc8b " + "x" * 100_000, "c")
    with listening(mailing) as port, listening(server) as other:
        settings = Announce(
            mail=mail(port, "none", user="", password_env="").mail,
            webhook_env=hook(monkeypatch, f"http://{HOST}:{other}/x").webhook_env,
        )
        assert problems(settings, notice) == []
    assert len(server.requests[0]) < 20_000 and len(mailing.mail) < 30_000


@pytest.mark.parametrize("password", ["合言葉-open", "two\r\nlines-open", "nul\0-open"])
def test_a_password_that_cannot_be_sent_is_no_part_of_what_is_told(
    password: str, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ours))
    if "\0" not in password:  # no environment can hold that one
        monkeypatch.setenv("CITY_PASSWORD", password)
    with listening(Smtp(tls=context(ours), refuses="535 no")) as port:
        (told,) = problems(mail(port, "tls"))
    assert "open" not in told and "言葉" not in told


def test_a_server_that_says_the_password_back_is_not_quoted(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ours))
    plain = base64.b64encode(f"\0u\0{PASSWORD}".encode()).decode()
    with listening(Smtp(tls=context(ours), refuses=f"535 not {PASSWORD} nor {plain} \x1b[2J")) as port:
        (told,) = problems(mail(port, "tls"))
    assert "535" in told and PASSWORD not in told and plain not in told and told.isprintable()


def test_details_give_no_secret_away(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Http()
    monkeypatch.setenv("FACILITY_EMISSIONS_DECISIONS_URL", "postgresql://office:dbpass99@db/decisions")
    detail = f"s3://key:s3secret@bucket {PASSWORD} postgresql://office:dbpass99@db/decisions dbpass99 http://h/x?a=1"
    with listening(server) as port:
        address = f"http://{HOST}:{port}/services/T000/B000/hooksecret"
        settings = Announce(mail=mail(9).mail, webhook_env=hook(monkeypatch, address).webhook_env)
        told = problems(settings, Notice("市", "failed", "r1", f"{detail} {address}", "c"))
    sent = server.requests[0].partition(b"\r\n\r\n")[2].decode()
    for secret in ("s3secret", PASSWORD, "dbpass99", "hooksecret"):
        assert secret not in sent and secret not in "".join(told)
    assert "http://h/x?a=1" in sent


def test_secrets_are_hidden_and_nothing_else() -> None:
    text = "a://u:p@h/x, mailto a@example.jp, tok-12345678 and tok-1234"
    assert hiding.hidden(text, ["tok-12345678"]) == "a://***@h/x, mailto a@example.jp, *** and tok-1234"


# ---------------------------------------------------------------- what city.toml may say


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("sender = 'kankyo'", "announce.mail.sender", "name@example.lg.jp"),
        ("sender = '環境課 <a@example.jp>'", "announce.mail.sender", "name@example.lg.jp"),
        ('sender = "a@example.jp\\nBcc: x@example.jp"', "announce.mail.sender", "name@example.lg.jp"),
        ("recipients = ['b@example.jp', 'c@']", "announce.mail.recipients.1", "name@example.lg.jp"),
        ("recipients = ['b@example.jp,c@example.jp']", "announce.mail.recipients.0", "name@example.lg.jp"),
        ("recipients = ['b@@example.jp']", "announce.mail.recipients.0", "name@example.lg.jp"),
        ("recipients = ['環境@example.jp']", "announce.mail.recipients.0", "name@example.lg.jp"),
        ("recipients = []", "announce.mail.recipients", "at least 1"),
        ("encryption = 'none'\nuser = 'u'\npassword_env = 'PW'", "announce.mail", "user: 暗号化なし（encryption"),
        ("user = 'u'", "announce.mail", "password_env: 必須"),
        ("host = 'https://mail.example.jp'", "announce.mail.host", "host"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_by_name(city: City, text: str, key: str, says: str) -> None:
    lines = {
        "host": "host = 'mail.example.jp'",
        "sender": "sender = 'a@example.jp'",
        "recipients": "recipients = ['b@example.jp']",
    }
    lines |= {line.split(" =")[0]: line for line in text.split("\n")}
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[announce.mail]\n" + "\n".join(lines.values()) + "\n")
    with pytest.raises(SettingsError) as refused:
        load_settings(city.folder)
    (told,) = [line for line in str(refused.value).splitlines() if key in line]
    assert says in told


@pytest.mark.parametrize("key", ["webhook_env", "mail.password_env"])
def test_a_secret_put_where_a_name_belongs_is_refused_and_not_repeated(city: City, key: str) -> None:
    lines = ["[announce]"]
    if key == "webhook_env":
        lines += ["webhook_env = 'https://hooks.example.jp/T0/secret-path'"]
    else:
        lines += ["[announce.mail]", "host = 'm'", "sender = 'a@example.jp'", "recipients = ['b@example.jp']"]
        lines += ["user = 'u'", "password_env = 'secret-path!'"]
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n" + "\n".join(lines) + "\n")
    with pytest.raises(SettingsError, match=f"announce.{key}.*EMISSIONS_") as refused:
        load_settings(city.folder)
    assert "secret-path" not in str(refused.value)


# ---------------------------------------------------------------- the run


def announcing_city(city: City, monkeypatch: pytest.MonkeyPatch, address: str, on: str = "") -> City:
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[announce]\n{on}\nwebhook_env = "CITY_WEBHOOK"\n')
    monkeypatch.setenv("CITY_WEBHOOK", address)
    return city


def notes(city: City) -> list[tuple[str, str, bool]]:
    return [(row["outcome"], row["way"], bool(row["problem"])) for row in History(city.paths.history).read("run_notes")]


class Locked(Http):
    """Notes whether the run holds its lock while it tells."""

    def __init__(self, city: City) -> None:
        super().__init__()
        self.city = city
        self.held: list[bool] = []

    def __call__(self, connection: socket.socket) -> None:
        self.held.append(running(self.city.paths.data) is not None)
        super().__call__(connection)


def test_a_run_is_announced_when_its_lock_is_free_and_that_is_on_record(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Locked(city)
    with listening(server) as port:
        announcing_city(city, monkeypatch, f"http://{HOST}:{port}/x", 'on = ["published", "held_back"]')
        night(city)
        with pytest.raises(HeldBack), guarded(Night(city.paths)):
            raise HeldBack({"row_account": 3})
        night(city)  # nothing new: not announced
    assert server.held == [False, False]
    assert notes(city) == [("published", "webhook", False), ("held_back", "webhook", False)]


ATTACKS: dict[str, str] = {
    "no server": f"http://{HOST}:9/hooksecret",
    "no name": "https://no-such-host.invalid/hooksecret",
    "half an address": "https://[::1/hooksecret",
    "a line too many": "https://127.0.0.1:1/hooksecret\r\nX-A: b",
    "no port": "https://127.0.0.1:port/hooksecret",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_announcement_that_fails_is_told_and_harms_nothing(
    attack: str, city: City, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    announcing_city(city, monkeypatch, ATTACKS[attack], 'on = ["published"]')
    assert night(city).outcome.published
    told = capsys.readouterr().err
    (note,) = History(city.paths.history).read("run_notes")
    assert note["problem"] and note["problem"] in told and "hooksecret" not in told
    shown_lines = "".join(command(city, "--lang", "ja", "runs")[1].split())
    assert "".join(note["problem"].split()) in shown_lines
    shown = json.loads(command(city, "runs", "--json")[1])["runs"][0]
    assert shown["notes"] == [{key: note[key] for key in ("way", "outcome", "at", "problem")}]


def test_a_city_whose_name_has_lines_is_announced(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        (city.folder / "city.toml").read_text(encoding="utf-8").replace('"試験市"', '"試験市\\r\\nBcc: x@example.jp"')
    )
    server = Smtp()
    with listening(server) as port:
        told = f"host = '{HOST}'\nport = {port}\nencryption = 'none'\nsender = 'a@example.jp'\nrecipients = ['b@example.jp']\n"
        (city.folder / "city.toml").write_text(f"{text}\n[announce.mail]\n{told}", encoding="utf-8")
        with pytest.raises(KeyError), guarded(Night(city.paths)):
            raise KeyError("ours")
    assert "Bcc: x@example.jp" in str(message_from_bytes(server.mail, policy=policy.default)["Subject"])
    assert notes(city) == [("failed", "mail", False)]


def test_secrets_of_a_failure_are_neither_recorded_nor_sent(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Http()
    with listening(server) as port:
        announcing_city(city, monkeypatch, f"http://{HOST}:{port}/hooksecret")
        with pytest.raises(RunFailedError) as failed, guarded(Night(city.paths)):
            raise OSError(f"cannot reach https://office:s3secret@bucket nor http://{HOST}:{port}/hooksecret")
    everything = str(failed.value) + server.requests[0].partition(b"\r\n\r\n")[2].decode()
    everything += (city.paths.history / "runs.jsonl").read_text(encoding="utf-8")
    assert "s3secret" not in everything and "hooksecret" not in everything and "bucket" in everything


def test_a_lost_history_is_announced_and_nothing_is_written_into_it(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(city)
    for path in city.paths.history.glob("*.json*"):
        path.unlink()
    server = Http()
    with listening(server) as port:
        announcing_city(city, monkeypatch, f"http://{HOST}:{port}/x")
        with pytest.raises(HistoryLostError), guarded(Night(city.paths)):
            pytest.fail("must not begin")
    assert len(server.requests) == 1 and list(city.paths.history.glob("*.json*")) == []


def test_a_run_that_cannot_write_its_data_folder_is_announced(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Http()
    city.paths.data.write_text("a file where a folder should be", encoding="utf-8")
    with listening(server) as port:
        announcing_city(city, monkeypatch, f"http://{HOST}:{port}/x")
        with pytest.raises(RunFailedError), guarded(Night(city.paths)):
            pytest.fail("must not begin")
    assert len(server.requests) == 1


def test_a_run_that_died_is_announced_once_and_after_the_next_one(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    server = Locked(city)
    with listening(server) as port:
        announcing_city(city, monkeypatch, f"http://{HOST}:{port}/x")
        child = subprocess.Popen(
            [sys.executable, "-c", DIES_IN_A_RUN, str(city.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        child.communicate(b"\n")
        night(city)
        night(city)
    assert server.held == [False] and notes(city) == [("crashed", "webhook", False)]
    assert (
        History(city.paths.history).read("run_notes")[0]["run_id"]
        == History(city.paths.history).read("runs")[0]["run_id"]
    )
