"""The desk in a real browser: the whole way of a question, what the console says, what a screen reader stumbles over, what is printed.

Needs Chromium (Debian's package ``chromium``); skipped by name where there is none.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipelines.review import counter
from pipelines.review.store import read_all
from tests.cli.test_cli import run
from tests.making import DEFAULTS, City, finished, monthly, nightly
from tests.run.test_answers import PAPER, SAID, sent
from tests.web.conftest import PASSWORD, PEOPLE, SLIP
from tests.web.test_steps import matter

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: no test in a browser")
ALONE = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
WIDTHS = (1280, 390)
PAPER_WIDTH = 680  # px of A4 within its margins of 15 mm
AXE = {"preload": False}  # it would load stylesheets once more, which the policy refuses
# where lists can be taken away -> the link and how such a file begins
FILES = {
    "/questions": {"CSV": b"\xef\xbb\xbf", "Excel": b"PK"},
    "/analysis": {"CSV": b"\xef\xbb\xbf", "Excel": b"PK", "Parquet": b"PAR1"},
}
SERVING = """
import sys
from pathlib import Path
from datetime import date
from pipelines.settings.city import CityFolder
from pipelines.web import serve
day = date.fromisoformat(sys.argv[2])
serve.serve(CityFolder(Path(sys.argv[1]), today=day), day, lambda at: print(at, flush=True))
"""
ACCOUNTS = """
import sys
from pathlib import Path
from pipelines.settings.city import CityFolder
from pipelines.web import accounts
for name in sys.argv[3:]:
    accounts.add(CityFolder(Path(sys.argv[1])), name, sys.argv[2], is_administrator=name == "warden")
"""
Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[City, str]]:
    """A city with its pages and a desk that serves it in a process of its own; gives its address."""
    city = City(tmp_path_factory.mktemp("served") / "city").bills("fuel/a.csv", SLIP)
    city.bills("fuel/b.csv", [*monthly("M2", 2022, 2025, 100), ("M2", "2026-04-01", "2026-05-01", "0.1", "L")])
    for name in ("facilities", "meters"):
        (row,) = DEFAULTS[name]
        other = {"facility_id": "F2", "name": "北公民館"} | ({"meter_id": "M2"} if name == "meters" else {})
        city.register(name, [row, row | (other if name == "facilities" else {k: other[k] for k in row if k in other})])
    named = {person: account for account, person in PEOPLE.items()}
    city.register("appointments", [row | {"account": named[str(row["person_id"])]} for row in DEFAULTS["appointments"]])
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"\n[desk]\nport = {port}\n")
    made = finished(city.paths)
    made.publish()
    made.night.write_pages()
    subprocess.run([sys.executable, "-c", ACCOUNTS, city.folder, PASSWORD, *PEOPLE, "reader", "warden"], check=True)
    desk = subprocess.Popen(
        [sys.executable, "-c", SERVING, city.folder, str(city.today)], stdout=subprocess.PIPE, text=True
    )
    assert desk.stdout is not None
    try:
        yield city, desk.stdout.readline().strip().rstrip("/")
    finally:
        desk.terminate()
        desk.wait(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=ALONE)


@pytest.fixture
def opened(served: tuple[City, str], chromium: Any) -> Iterator[Opened]:
    """Return a page that has logged in; at the end nothing was said in any console that is no answer of ours."""
    said: list[str] = []
    contexts = []

    def log_in(name: str, width: int = 1280) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale="ja-JP", accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda told: said.append(f"{told.text} {page.url}") if told.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{served[1]}/login")
        page.fill("#id_username", name)
        page.fill("#id_password", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(f"{served[1]}/")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert [told for told in said if "status of 4" not in told] == []


def state_of(city: City, question: str) -> set[str]:
    with counter.desk(city.paths) as desk:
        return {desk.state(flag) for flag in desk.flags.values() if desk.asking(flag).question_id == question}


def night(city: City, page: Any) -> None:
    """A night publishes what changes a page; it is that of the new file then."""
    before = page.inner_text("main")
    nightly(city.paths)
    for _ in range(50):  # the file before is read until the new one is open
        page.reload()
        if page.inner_text("main") != before:
            return
        time.sleep(0.2)
    raise AssertionError("still the file of the night before")


def test_a_question_is_worked_from_open_to_confirmed(served: tuple[City, str], opened: Opened) -> None:
    city, home = served
    first, second, third = opened("kanri"), opened("suishin"), opened("toukatsu")
    assert first.locator("text=一件目を回答する").count() == 1
    question = f"{home}/questions/{matter(city)}"
    first.goto(question)
    first.click("text=正しい（このまま使う）")
    first.select_option("[name=cause]", "works")
    first.fill("#answer-id_explanation", "改修工事で止めていた")
    first.click("text=下書きを保存する")
    assert first.input_value("#answer-id_explanation") == "改修工事で止めていた"
    first.check("input[value=right]")
    first.click("text=回答を送る")
    assert "回答を記録しました" in first.inner_text("main")

    second.goto(question)
    second.fill("#return-id_text", "期間も書いてください")
    second.click("section:has(#return-heading) button")
    first.goto(question)
    assert "期間も書いてください" in first.inner_text("main")
    first.check("input[value=right]")
    first.select_option("[name=cause]", "works")
    first.fill("#answer-id_explanation", "2024-06-01から30日まで、改修工事で止めていた")
    late = opened("toukatsu")
    late.goto(question)
    late.check("input[value=wrong]")
    late.select_option("[name=cause]", "other")
    late.fill("#answer-id_explanation", "同時に")
    first.click("text=回答を送る")
    late.click("text=回答を送る")
    assert "変わりました" in late.inner_text("main"), "one wins, the other is told"

    second.goto(f"{home}/questions?state=answered")
    second.check("tbody input[type=checkbox]")
    second.click("text=選んだ質問の回答を承認する")
    assert "承認しました" in second.inner_text("main")
    third.goto(f"{home}/confirm")
    with third.expect_download() as got:
        third.click("text=起案用の一覧")
    assert Path(got.value.path()).read_bytes()[:2] == b"PK"
    third.fill("[name=document]", "環第12号")
    third.fill("[name=on]", str(city.today))
    third.click("text=件を確認する")
    assert "確認しました" in third.inner_text("main")
    assert [d.step for d in read_all(city.paths.decisions_url)] == ["answer", "return", "answer", "accept", "confirm"]
    assert state_of(city, matter(city)) == {"confirmed"}


def test_what_is_not_ones_own_is_not_offered_and_not_taken(served: tuple[City, str], opened: Opened) -> None:
    for name in ("reader", "warden"):
        page = opened(name)
        page.goto(f"{served[1]}/questions?asking=all")
        for link in [each.get_attribute("href") for each in page.locator("tbody a").all()][:3]:
            page.goto(f"{served[1]}{link}")
            assert page.locator("main textarea, main button").count() == 0, link


def test_lists_and_answers_come_as_files(served: tuple[City, str], opened: Opened) -> None:
    page = opened("reader")
    for where, begins in FILES.items():
        page.goto(served[1] + where)
        for kind, first in begins.items():
            with page.expect_download() as got:
                page.locator(f"main a:text-is('{kind}')").first.click()
            assert Path(got.value.path()).read_bytes().startswith(first), (where, kind)


def addresses(page: Any, home: str) -> list[str]:
    page.goto(f"{home}/questions?asking=all")
    first = page.locator("tbody a").first.get_attribute("href")
    return ["/", "/questions", "/questions?asking=all", first, "/confirm", "/analysis", "/analysis/6", "/password",
            "/results/index.html", "/nothing"]  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_serious_for_a_screen_reader_and_nothing_wider_than_the_screen(
    served: tuple[City, str], opened: Opened, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for name in ("kanri", "warden"):
        page = opened(name, width)
        for address in [*addresses(page, served[1]), *(["/accounts"] if name == "warden" else [])]:
            page.goto(served[1] + address)
            for each in Axe().run(page, options=AXE).response["violations"]:
                if each["impact"] in ("serious", "critical"):
                    found.append((address, each["id"], [node["html"][:120] for node in each["nodes"][:2]]))
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append((address, "wider than the screen", []))
    assert found == []


def test_the_way_goes_by_keyboard(served: tuple[City, str], opened: Opened) -> None:
    page = opened("kanri")
    page.goto(f"{served[1]}/questions?asking=all")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):  # behind the last one
            break
        reached.append(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", (
            f"{reached[-1]} is not seen"
        )
    assert "/password" not in reached, "the head is passed over"
    assert {"f-text", "f-year", "f-rule", "f-department", "f-asking", "f-mine"} <= set(reached)
    assert any(each.startswith("/questions/") for each in reached), "and the questions can be opened"


def test_the_pages_of_the_folder_open_without_a_server(served: tuple[City, str], chromium: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    city = served[0]
    said: list[str] = []
    for folder in (city.paths.pages, city.paths.pages_internal):
        for width in WIDTHS:
            context = chromium.new_context(viewport={"width": width, "height": 900})
            page = context.new_page()
            page.on("console", lambda told: said.append(told.text) if told.type in ("error", "warning") else None)
            for path in sorted(folder.rglob("*.html")):
                page.goto(path.as_uri())
                wrong = [
                    v["id"]
                    for v in Axe().run(page, options=AXE).response["violations"]
                    if v["impact"] in ("serious", "critical")
                ]
                assert wrong == [] and page.evaluate("document.documentElement.scrollWidth") <= width, path
                for link in page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))"):
                    href = str(link).partition("#")[0]
                    if (
                        href and "://" not in href and not href.endswith("validation.html")
                    ):  # the gate of the flow writes it
                        assert (path.parent / href).is_file(), (path, href)
            context.close()
    assert said == []


@pytest.fixture
def accepted(served: tuple[City, str]) -> Iterator[str]:
    """The question about the year that is over the path, answered at length and accepted: what the 統括者 has to confirm."""
    city = served[0]
    (flag,) = [row["flag_id"] for row in counter.listed(city.paths, None) if row["rule_id"] == "over_path"]
    if not read_all_of(city, flag):
        counter.answer(city.paths, flag, "P3", "改修工事で空調を止めていた。" * 40, PAPER, data_are_right=False)
        counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    yield flag


def read_all_of(city: City, flag: str) -> list[str]:
    return [d.step for d in read_all(city.paths.decisions_url) if d.flag_id == flag]


@pytest.mark.parametrize("what", ["confirm", "question", "facility"])
def test_on_paper_nothing_is_cut_and_no_menu_stands(
    served: tuple[City, str], opened: Opened, accepted: str, what: str
) -> None:
    home = served[1]
    page = opened("toukatsu")
    page.goto(
        home
        + {"confirm": "/confirm", "question": f"/questions/{accepted}", "facility": "/results/facilities/F2.html"}[what]
    )
    assert page.locator("header nav").is_visible()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_WIDTH, "height": 1000})
    wider = page.evaluate(
        """width => [...document.querySelectorAll("main *")]
        .filter(one => one.getClientRects().length && !one.closest("svg *"))
        .filter(one => one.getBoundingClientRect().right > width + 1
            || (getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1))
        .map(one => one.outerHTML.slice(0, 120))""",
        PAPER_WIDTH,
    )
    assert wider == []
    for hidden in ("header nav", ".account", ".buttons", "textarea", "main input"):
        assert [one for one in page.locator(hidden).all() if one.is_visible()] == [], hidden
    assert page.locator("main h1").is_visible()
    made = page.pdf(format="A4", prefer_css_page_size=True)
    boxes = {tuple(round(float(side)) for side in box.split()) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", made)}
    assert boxes == {(0, 0, 595, 842)}


def test_an_answer_by_excel_is_accepted_at_the_desk_and_asked_again_when_its_days_change(
    served: tuple[City, str], opened: Opened
) -> None:
    city, home = served
    question = matter(city, 2026)
    folder = city.folder / "out"
    issued = run(city, "review", "sheet", "--round", "2026-1", "--due", "2026-07-06", "--out", str(folder))
    assert issued[0] == 0, issued
    sent(city, "総務課", {question: SAID})
    page = opened("suishin")
    page.goto(f"{home}/questions/{question}")
    assert "未回答" in page.inner_text("main .banner")
    night(city, page)
    assert "回答済" in page.inner_text("main .banner") and "あなたの番です" in page.inner_text("main .banner")
    assert SAID["explanation"] in page.inner_text("main") and "総務課.xlsx" in page.inner_text("main ol.history")
    page.click("section:has(#accept-heading) button")
    assert "承認を記録しました" in page.inner_text("main") and state_of(city, question) == {"accepted"}

    city.bills("fuel/late.csv", [("M2", "2026-04-01", "2026-05-01", "0.2", "L", "訂正")], more=["stage"])
    page.goto(f"{home}/questions/{question}")
    night(city, page)
    assert state_of(city, question) == {"open"}
    assert "未回答" in page.inner_text("main .banner")
    history = page.inner_text("main ol.history")
    assert history.count("失効") == 2 and SAID["explanation"] in history, (
        "what was decided stands there, and binds no more"
    )
    owner = opened("kanri")
    owner.goto(f"{home}/questions/{question}")
    assert owner.locator("#answer-id_explanation").is_visible(), "and is asked again"


def test_a_served_page_is_open_again_after_the_night_published(served: tuple[City, str], opened: Opened) -> None:
    city, home = served
    page = opened("reader")
    page.goto(f"{home}/questions?asking=all")
    city.bills("fuel/later.csv", [("M1", "2026-04-01", "2026-05-01", 50, "L")])
    night(city, page)
