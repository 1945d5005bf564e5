"""Every address for every role, and what hostile requests get."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipelines.ask.saved import saved
from pipelines.review.store import read_all
from pipelines.web import accounts, config
from tests.making import City, nightly
from tests.web.conftest import OTHERS, PASSWORD, PEOPLE
from tests.web.test_steps import ANSWER, hidden, matter, take

Browser = Callable[..., Any]
NOBODY = ""
ROLES = (NOBODY, *PEOPLE, *OTHERS)
LOG_IN, SEEN, GONE, REFUSED, NOT_DONE, NO_SUCH_WAY = 302, 200, 404, 403, 409, 405
CARRIED = 401  # the log-in at once, with what was typed
# address -> status for (nobody, toukatsu, suishin, kanri, reader, warden)
TABLE: dict[str, tuple[int, ...]] = {
    "GET /": (LOG_IN, SEEN, SEEN, SEEN, SEEN, SEEN),
    "GET /login": (SEEN, LOG_IN, LOG_IN, LOG_IN, LOG_IN, LOG_IN),
    "GET /logout": (LOG_IN, *[NO_SUCH_WAY] * 5),
    "GET /password": (LOG_IN, *[SEEN] * 5),
    "GET /favicon.ico": (204,) * 6,
    "GET /questions": (LOG_IN, *[SEEN] * 5),
    "GET /questions.csv": (LOG_IN, *[SEEN] * 5),
    "GET /questions.xlsx": (LOG_IN, *[SEEN] * 5),
    "GET /questions/MATTER": (LOG_IN, *[SEEN] * 5),
    "GET /questions/nothing": (LOG_IN, *[GONE] * 5),
    "GET /questions/accept": (LOG_IN, *[NO_SUCH_WAY] * 5),
    "GET /questions/MATTER/answer": (302,) * 6,
    "GET /questions/MATTER/draft": (302,) * 6,
    "GET /confirm": (LOG_IN, *[SEEN] * 5),
    "GET /confirm/2024": (LOG_IN, *[NO_SUCH_WAY] * 5),
    "GET /analysis": (LOG_IN, *[SEEN] * 5),
    "GET /analysis/1": (LOG_IN, *[SEEN] * 5),
    "GET /analysis/99": (LOG_IN, *[GONE] * 5),
    "GET /analysis/1.csv": (LOG_IN, *[SEEN] * 5),
    "GET /analysis/1.xlsx": (LOG_IN, *[SEEN] * 5),
    "GET /analysis/1.parquet": (LOG_IN, *[SEEN] * 5),
    "GET /explain/F1/2024": (LOG_IN, *[SEEN] * 5),
    "GET /explain/F9/2024": (LOG_IN, *[GONE] * 5),
    "GET /results/nothing.html": (LOG_IN, *[GONE] * 5),
    "GET /accounts": (LOG_IN, *[REFUSED] * 4, SEEN),
    "POST /questions/MATTER/answer": (CARRIED, *[NOT_DONE] * 5),
    "POST /questions/MATTER/accept": (CARRIED, *[NOT_DONE] * 5),
    "POST /questions/MATTER/return": (CARRIED, *[NOT_DONE] * 5),
    "POST /questions/MATTER/confirm": (GONE,) * 6,
    "POST /questions/accept": (LOG_IN, *[NOT_DONE] * 5),
    "POST /confirm/2024": (LOG_IN, *[NOT_DONE] * 5),
    "POST /confirm/2024/list": (LOG_IN, *[NOT_DONE] * 5),
    "POST /accounts": (LOG_IN, *[NO_SUCH_WAY] * 5),
}


def test_every_address_for_every_role(desk: City, browser: Browser) -> None:
    question = matter(desk)
    wrong = []
    for name, place in zip(ROLES, range(len(ROLES)), strict=True):
        client = browser(name)
        for address, told in TABLE.items():
            way, path = address.replace("MATTER", question).split(" ")
            found = client.generic(way, path).status_code
            if found != told[place]:
                wrong.append((name or "nobody", address, found, told[place]))
    assert wrong == [] and read_all(desk.paths.decisions_url) == []


def test_the_table_has_every_address() -> None:
    from pipelines.web.urls import urlpatterns

    known = {re.sub(r"\d+", "N", address.split(" ")[1]) for address in TABLE} | {"/questions/MATTER/STEP"}
    for pattern in urlpatterns:
        told = f"/{pattern.pattern}"
        for converter, example in (
            ("<id:matter>", "MATTER"), ("<step:step>", "STEP"), ("<year:year>", "N"), ("<int:number>", "N"),
            ("<kind:kind>", "csv"), ("<path:path>", "nothing.html"), ("<str:facility>", "FN"),
        ):  # fmt: skip
            told = told.replace(converter, example)
        assert told in known, f"{told} is in no row of the table"


def test_a_form_without_its_secret_does_nothing(desk: City, browser: Browser) -> None:
    client = browser("kanri")
    seen = hidden(client, f"/questions/{matter(desk)}")
    client.handler.enforce_csrf_checks = True
    told = client.post(f"/questions/{matter(desk)}/answer", ANSWER | {"seen": seen})
    assert told.status_code == 403 and "古く" in told.content.decode()
    assert read_all(desk.paths.decisions_url) == []
    assert browser(csrf=True).post("/login", {"username": "kanri", "password": PASSWORD}).status_code == 403


def test_a_log_in_gives_the_session_a_new_key_and_a_log_out_ends_it(browser: Browser) -> None:
    client = browser()
    client.session["planted"] = "x"
    client.cookies["sessionid"] = planted = "a" * 32
    client.post("/login", {"username": "kanri", "password": PASSWORD})
    key = client.cookies["sessionid"].value
    assert key != planted
    thief = browser()
    thief.cookies["sessionid"] = key
    assert thief.get("/").status_code == 200
    assert client.post("/logout").status_code == 302
    assert thief.get("/").status_code == 302, "the key of an ended session opens nothing"


def test_a_disabled_account_is_out_with_its_next_request(desk: City, browser: Browser) -> None:
    accounts.add(desk.paths, "leaver", PASSWORD)
    client = browser("leaver")
    assert client.get("/").status_code == 200
    accounts.disable(desk.paths, "leaver")
    assert client.get("/").status_code == 302


def test_failed_log_ins_lock_the_account_and_only_it(desk: City, browser: Browser) -> None:
    accounts.add(desk.paths, "unlucky", PASSWORD)
    client = browser()
    for _ in range(desk.paths.settings.desk.attempts):
        last = client.post("/login", {"username": "unlucky", "password": "wrong"})
    assert last.status_code == 429
    assert client.post("/login", {"username": "unlucky", "password": PASSWORD}).status_code == 429, (
        "right, and too late"
    )
    assert browser("kanri").get("/").status_code == 200
    accounts.add(desk.paths, "unlucky", PASSWORD)
    assert browser("unlucky").get("/").status_code == 200, "a renewed account is let in again"


def test_the_audit_tells_who_did_what_and_cannot_be_changed(desk: City, browser: Browser) -> None:
    take(browser("kanri"), desk, "answer", ANSWER)
    browser().post("/login", {"username": "kanri", "password": "wrong"})
    browser("kanri").post("/logout")
    text = browser("warden").get("/accounts").content.decode()
    for told in ("ログイン失敗", "ログアウト", "回答", "利用者を作成", matter(desk)):
        assert told in text
    assert PASSWORD not in text and "wrong" not in text
    with closing(sqlite3.connect(desk.paths.accounts)) as connection:
        for statement in ("UPDATE desk_auditline SET account = 'x'", "DELETE FROM desk_auditline"):
            with pytest.raises(sqlite3.IntegrityError, match="append only"):
                connection.execute(statement)


@pytest.mark.parametrize(
    "path",
    ["../city.toml", "..%2f..%2fcity.toml", "%2e%2e/decisions.sqlite", "/etc/passwd", "..\\city.toml", "a\x00.html"],
)
def test_the_results_give_nothing_but_pages(desk: City, browser: Browser, path: str) -> None:
    desk.paths.pages_internal.mkdir(parents=True, exist_ok=True)
    (desk.paths.pages_internal / "index.html").write_text("<p>hier", encoding="utf-8")
    (desk.paths.pages_internal / "secret.sqlite").write_bytes(b"x")
    outside = desk.paths.data / "outside.html"
    outside.write_text("outside", encoding="utf-8")
    (desk.paths.pages_internal / "link.html").symlink_to(outside)
    client = browser("reader")
    assert client.get("/results/index.html").content == b"<p>hier"
    for each in (path, "secret.sqlite", "link.html"):
        assert client.get(f"/results/{each}").status_code in (404, 400), each


def test_a_word_of_markup_stays_a_word(desk: City, browser: Browser) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    take(browser("kanri"), desk, "answer", ANSWER | {"explanation": hostile})
    for path in (f"/questions/{matter(desk)}", f"/questions?text={hostile}", "/questions?state=answered", "/"):
        text = browser("suishin").get(path).content.decode()
        assert "<script>alert" not in text and "<img" not in text, path


def test_a_cell_of_the_lists_is_never_a_formula(desk: City, browser: Browser) -> None:
    desk.register("facilities", [{"facility_id": "F1", "name": "=1+1", "operator_id": "OP", "department": "総務課"}])
    nightly(desk.paths)
    client = browser("reader")
    assert ",'=1+1," in client.get("/questions.csv").content.decode("utf-8-sig")
    import io

    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/questions.xlsx").content)).get_sheet_by_index(0)
    assert "=1+1" in [row[1] for row in rows.to_python()]


def test_a_foreign_host_name_and_a_line_end_in_an_address_are_refused(browser: Browser) -> None:
    client = browser()
    assert client.get("/login", headers={"host": "evil.example"}).status_code == 400
    told = client.get("/questions?next=%0d%0aSet-Cookie:%20a=b")
    assert not any(sign in value for value in told.headers.values() for sign in "\r\n")
    away = client.post("/login", {"username": "kanri", "password": PASSWORD, "next": "https://evil.example/"})
    assert away.headers["Location"] == "/", "a log-in leads nowhere else"


def test_what_a_browser_may_do_stands_in_the_head_of_every_answer(desk: City, browser: Browser) -> None:
    client = browser("kanri")
    for path in ("/", "/questions", f"/questions/{matter(desk)}", "/nothing", "/analysis/1"):
        head = client.get(path).headers
        policy = head["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy, path
        assert head["X-Content-Type-Options"] == "nosniff" and head["X-Frame-Options"] == "DENY"
    assert "no-store" in client.get("/").headers["Cache-Control"]
    assert re.findall(r"<script|style=| on\w+=\"", client.get("/questions").content.decode()) == []


def test_a_crawl_as_each_role_finds_no_fault(desk: City, browser: Browser) -> None:
    take(browser("kanri"), desk, "answer", ANSWER)
    for name in ROLES[1:]:
        client, ahead = browser(name), ["/"]
        seen: set[str] = set()
        while ahead:
            path = ahead.pop()
            if path in seen or len(seen) > 150:
                continue
            seen.add(path)
            answer = client.get(path)
            assert answer.status_code in (200, 302, 404, 405), (name, path, answer.status_code)
            if answer.headers["Content-Type"].startswith("text/html"):
                links = re.findall(r'href="(/[^"#]*|\?[^"#]*)"', answer.content.decode())
                base = path.partition("?")[0]
                ahead += [(base + link if link.startswith("?") else link).replace("&amp;", "&") for link in links]
        assert len(seen) > 20


def test_the_name_of_a_proxy_counts_from_its_own_address_alone(desk: City, browser: Browser) -> None:
    with (desk.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[desk]\nproxy = "10.0.0.7"\n')
    from django.test.utils import override_settings

    with override_settings(CITY=desk.paths):
        named = {"REMOTE_USER": "kanri", "host": "127.0.0.1"}
        assert browser().get("/", headers=named).status_code == 302, "whoever sends the header himself is nobody"
        inside = browser()
        assert (
            inside.get("/", headers={**named, "REMOTE_USER": "CITY\\kanri"}, REMOTE_ADDR="10.0.0.7").status_code == 200
        )
        unknown = {**named, "REMOTE_USER": "somebody"}
        assert browser().get("/", headers=unknown, REMOTE_ADDR="10.0.0.7").status_code == 302, "no account is made"
    from django.contrib.auth import get_user_model

    assert not get_user_model().objects.filter(username="somebody").exists()


def test_behind_https_the_settings_pass_djangos_own_check_for_deployment(desk: City) -> None:
    from django.core.checks import run_checks
    from django.test.utils import override_settings

    with (desk.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[desk]\nhttps = true\nnames = ["energy.city.example"]\n')
    with override_settings(**config.settings_of(desk.paths)):
        told = {str(found.id) for found in run_checks(include_deployment_checks=True)}
    assert told == {"axes.W006", "security.W005", "security.W008", "security.W021"}, (
        "one address is many people behind a proxy; other names, and the way from HTTP, are the proxy's own"
    )


def test_accounts_and_their_key_are_nobody_elses(desk_home: City) -> None:
    for path in (desk_home.paths.accounts, desk_home.paths.desk_key):
        assert path.stat().st_mode & 0o077 == 0


def test_a_backup_takes_the_accounts_and_not_the_key(desk_home: City, tmp_path: Path) -> None:
    import tarfile

    from pipelines.upkeep import backup

    backup.back_up(desk_home.paths, tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as tar:
        names = tar.getnames()
    assert desk_home.paths.accounts.name in names and desk_home.paths.desk_key.name not in names


def test_a_weak_password_and_a_strange_name_are_refused(desk: City) -> None:
    for name, password in (("short", "kurz"), ("common", "password12345"), ("a name\n", PASSWORD), ("", PASSWORD)):
        with pytest.raises(accounts.AccountError):
            accounts.add(desk.paths, name, password)
    assert accounts.add(desk.paths, "fresh", None) != ""


def test_the_saved_questions_are_those_of_the_manual_and_each_has_a_name() -> None:
    from pipelines.texts import label

    assert [one.number for one in saved()] == list(range(1, 11))
    assert len({label(f"saved_{one.number}", "ja") for one in saved()}) == len(saved())


def test_the_tables_of_the_accounts_are_those_of_the_models(desk_home: City) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "desk", check=True, dry_run=True, verbosity=0)
