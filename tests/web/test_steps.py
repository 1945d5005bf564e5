"""A question from open to confirmed by the pages, and everything that must not be recorded."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.review import counter
from pipelines.review.store import Store, TakenMeanwhileError, read_all
from pipelines.warehouse import query
from pipelines.web.views import common
from tests.making import City, nightly, verdict, writable
from tests.web.conftest import PASSWORD

Browser = Callable[..., Any]
ANSWER = {
    "data": "right",
    "cause": "works",
    "explanation": "2024年6月は改修工事で止めていた",
    "measure": "",
    "until": "",
}


def matter(city: City, year: int = 2024) -> str:
    with counter.desk(city.paths) as desk:
        (flag,) = [f for f in desk.flags.values() if (f.rule_id, f.fiscal_year) == ("unit_slip", year)]
        return desk.asking(flag).question_id


def states(city: City) -> set[str]:
    return {str(row["state"]) for row in counter.listed(city.paths, None) if row["rule_id"] == "unit_slip"}


def hidden(client: Any, page: str, name: str = "seen") -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', client.get(page).content.decode())
    assert found, f"{page} has no field {name}"
    return found[1]


def take(client: Any, city: City, step: str, fields: dict[str, str] | None = None) -> Any:
    page = f"/questions/{matter(city)}"
    return client.post(f"{page}/{step}", {"seen": hidden(client, page), **(fields or {})})


def test_a_question_goes_from_open_to_confirmed_and_the_night_believes_it(desk: City, browser: Browser) -> None:
    first, second, third = (browser(name) for name in ("kanri", "suishin", "toukatsu"))
    assert take(first, desk, "answer", ANSWER).status_code == 302 and states(desk) == {"answered"}
    assert take(second, desk, "return", {"text": "期間を書いてください"}).status_code == 302
    assert states(desk) == {"returned"}
    assert "期間を書いてください" in first.get(f"/questions/{matter(desk)}").content.decode().partition("<textarea")[0]
    assert "差戻し" in first.get("/").content.decode() or "回答する" in first.get("/").content.decode()
    assert take(first, desk, "answer", ANSWER | {"explanation": "2024-06-01から30日まで"}).status_code == 302
    assert take(second, desk, "accept", {"text": ""}).status_code == 302 and states(desk) == {"accepted"}
    mark = hidden(third, "/confirm", "list")
    done = third.post("/confirm/2024", {"list": mark, "document": "環第12号", "on": "2026-06-15"})
    assert done.status_code == 302 and states(desk) == {"confirmed"}
    taken = read_all(desk.paths.decisions_url)
    assert [d.step for d in taken] == ["answer", "return", "answer", "accept", "confirm"]
    assert [d.recorded_by for d in taken[:2]] == ["kanri@desk", "suishin@desk"]
    assert not any(d.recorded_only for d in taken) and taken[0].answer_cause == "works"
    nightly(desk.paths)
    with query.opened(desk.paths.published) as made:
        assert verdict(made, "F1", 2024)[0] == "achieved", "an accepted answer lifts the doubt in the next night"


def test_an_answer_may_stand_for_more_years_where_the_page_offers_it(desk: City, browser: Browser) -> None:
    client, page = browser("kanri"), f"/questions/{matter(desk)}"
    assert 'name="stands_for"' in client.get(page).content.decode()
    assert take(client, desk, "answer", ANSWER | {"stands_for": "4"}).status_code == 422
    assert take(client, desk, "answer", ANSWER | {"stands_for": "3"}).status_code == 302
    (taken,) = read_all(desk.paths.decisions_url)
    assert taken.stands_for == 3 and '"months"' in str(taken.seen_pattern)
    assert "3年度有効" in client.get(page).content.decode()
    with counter.desk(desk.paths) as open_desk:
        lacking = [f for f in open_desk.flags.values() if open_desk.asking(f).pattern is None]
        others = [open_desk.question_of(f) for f in lacking if open_desk.state(f) == "open"]
    assert others and not any(
        'name="stands_for"' in client.get(f"/questions/{each}").content.decode() for each in others
    )


@pytest.mark.parametrize("name", ["reader", "warden", "toukatsu"])
def test_who_may_not_answer_records_nothing(desk: City, browser: Browser, name: str) -> None:
    if name == "toukatsu":  # may answer by the post, but then does no other step
        assert take(browser(name), desk, "answer", ANSWER).status_code == 302
        refused = browser(name).get(f"/questions/{matter(desk)}").content.decode()
        assert "accept-heading" not in refused
        return
    client = browser(name)
    page = client.get(f"/questions/{matter(desk)}").content.decode()
    assert "<textarea" not in page
    assert client.post(f"/questions/{matter(desk)}/answer", ANSWER | {"seen": "x"}).status_code == 409
    assert read_all(desk.paths.decisions_url) == []


def test_two_people_on_one_question_one_wins_and_the_other_is_told(desk: City, browser: Browser) -> None:
    page = f"/questions/{matter(desk)}"
    first, second = browser("kanri"), browser("suishin")
    seen, also_seen = hidden(first, page), hidden(second, page)
    assert first.post(f"{page}/answer", ANSWER | {"seen": seen}).status_code == 302
    told = second.post(f"{page}/answer", ANSWER | {"seen": also_seen})
    assert told.status_code == 409 and "変わりました" in told.content.decode()
    assert len(read_all(desk.paths.decisions_url)) == 1


def test_a_step_by_the_terminal_between_look_and_writing_is_noticed(desk: City) -> None:
    with counter.desk(desk.paths) as late:
        (flag,) = [f.flag_id for f in late.flags.values() if f.rule_id == "unit_slip"]
        counter.answer(desk.paths, flag, "P3", "先に", data_are_right=False)
        with pytest.raises(TakenMeanwhileError, match=flag):
            counter.answer_all(desk.paths, [flag], "P3", "後から", data_are_right=True, at=late)
    assert [d.comment for d in read_all(desk.paths.decisions_url)] == ["先に"]


def test_of_many_at_the_same_moment_exactly_one_is_kept(desk: City) -> None:
    with counter.desk(desk.paths) as one:
        (flag,) = [f.flag_id for f in one.flags.values() if f.rule_id == "unit_slip"]
        taken = one.answer(flag, "P3", "x", desk.paths.now(), data_are_right=False)
    from dataclasses import replace

    kept: list[int] = []

    def write(number: int) -> None:
        store = Store(desk.paths.decisions_url)
        try:
            store.append([replace(taken, decision_id=f"{number:032d}")], {})
            kept.append(number)
        except TakenMeanwhileError:
            pass
        finally:
            store.engine.dispose()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 1 and len(read_all(desk.paths.decisions_url)) == 1


def test_a_form_with_faults_names_each_and_keeps_what_was_typed(desk: City, browser: Browser) -> None:
    page = take(browser("kanri"), desk, "answer", {"explanation": "書いたことは残る", "until": "2026-13-01"})
    text = page.content.decode()
    assert page.status_code == 422 and "書いたことは残る" in text
    for field in ("data", "cause", "until"):
        assert f'id="answer-id_{field}' in text
        assert f"#answer-id_{field}" in text, "the summary leads to the field"
    assert read_all(desk.paths.decisions_url) == []


def test_a_draft_is_kept_for_its_writer_alone_and_is_no_answer(desk: City, browser: Browser) -> None:
    client, page = browser("kanri"), f"/questions/{matter(desk)}"
    assert client.post(f"{page}/draft", {"explanation": "途中まで"}).status_code == 302
    assert "途中まで" in client.get(page).content.decode()
    assert "途中まで" not in browser("suishin").get(page).content.decode()
    assert read_all(desk.paths.decisions_url) == [] and states(desk) == {"open"}
    take(client, desk, "answer", ANSWER)
    from pipelines.web.models import UnsentForm

    assert not UnsentForm.objects.exists(), "what was sent is no draft any more"


def test_several_are_accepted_together_or_not_at_all(desk: City, browser: Browser) -> None:
    take(browser("kanri"), desk, "answer", ANSWER)
    client = browser("suishin")
    box = re.search(r'name="question" value="([^"]+)"', client.get("/questions?state=answered").content.decode())
    assert box
    wrong = client.post("/questions/accept", {"question": [box[1], "0123456789ab:x"]})
    assert wrong.status_code == 409 and states(desk) == {"answered"}
    assert client.post("/questions/accept", {"question": []}).status_code == 409
    assert client.post("/questions/accept", {"question": [box[1]]}).status_code == 302
    assert states(desk) == {"accepted"}


def test_a_list_that_changed_is_not_confirmed(desk: City, browser: Browser) -> None:
    take(browser("kanri"), desk, "answer", ANSWER)
    take(browser("suishin"), desk, "accept", {"text": ""})
    client = browser("toukatsu")
    sent = {"list": "something else", "document": "環第12号", "on": "2026-06-15"}
    assert client.post("/confirm/2024", sent).status_code == 409 and states(desk) == {"accepted"}
    mark = hidden(client, "/confirm", "list")
    assert client.post("/confirm/2024", sent | {"list": mark, "on": "2026-06-16"}).status_code == 409, "a day to come"
    assert client.post("/confirm/2024", sent | {"list": mark, "document": ""}).status_code == 422
    assert states(desk) == {"accepted"}


def test_what_nobody_is_left_to_confirm_is_told_and_offers_nothing(desk: City, browser: Browser) -> None:
    take(browser("toukatsu"), desk, "answer", ANSWER)
    take(browser("suishin"), desk, "accept", {"text": ""})
    text = browser("toukatsu").get("/confirm").content.decode()
    assert "確認できる人がいません" in text and 'name="document"' not in text and 'name="kind"' not in text


def test_the_list_is_taken_away_as_it_was_shown_and_as_what_was_asked(desk: City, browser: Browser) -> None:
    take(browser("kanri"), desk, "answer", ANSWER)
    take(browser("suishin"), desk, "accept", {"text": ""})
    client = browser("suishin")
    mark = hidden(client, "/confirm", "list")
    for kind, signs in (("docx", b"word/document.xml"), ("xlsx", b"xl/workbook.xml")):
        got = client.post("/confirm/2024/list", {"list": mark, "kind": kind})
        assert got.status_code == 200 and signs in got.content and f".{kind}" in got["Content-Disposition"]
    assert client.post("/confirm/2024/list", {"list": mark, "kind": "exe"}).status_code == 404
    assert client.post("/confirm/2024/list", {"list": "another", "kind": "docx"}).status_code == 409


def test_an_account_that_is_not_the_persons_own_lifts_nothing(desk: City, browser: Browser) -> None:
    rows = [row | {"account": ""} for row in _appointments(desk)]
    desk.register("appointments", rows)
    nightly(desk.paths)
    common.forget()
    for name in ("P2", "P3"):
        from pipelines.web import accounts

        accounts.add(desk.paths, name, PASSWORD)
    take(browser("P3"), desk, "answer", ANSWER)
    assert "記録のみとなり" in browser("P2").get(f"/questions/{matter(desk)}").content.decode(), "told before the step"
    page = take(browser("P2"), desk, "accept", {"text": ""})
    assert page.status_code == 302 and states(desk) == {"answered"}
    assert read_all(desk.paths.decisions_url)[-1].recorded_only
    assert "記録のみ" in browser("P2").get(page.url).content.decode()
    client = browser("P2")
    box = re.search(r'name="question" value="([^"]+)"', client.get("/questions?state=answered").content.decode())
    assert box
    text = client.post("/questions/accept", {"question": [box[1]]}, follow=True).content.decode()
    assert "を承認しました" not in text and "記録のみ" in text and "banner-warning" in text
    assert states(desk) == {"answered"}


def _appointments(city: City) -> list[dict[str, object]]:
    import csv

    with (city.folder / "registers" / "appointments.csv").open(encoding="utf-8") as stream:
        return [dict(row) for row in csv.DictReader(stream)]


def test_a_published_file_that_cannot_be_read_is_told_and_never_passed_over(desk: City, browser: Browser) -> None:
    client = browser("kanri")
    assert client.get("/").status_code == 200
    path = writable(desk.paths.published)
    path.unlink()
    path.write_bytes(b"no database")
    for _ in range(100):
        if (found := client.get("/")).status_code != 200:
            break
        time.sleep(0.1)
    assert found.status_code == 503 and "emissions.duckdb" in found.content.decode()


def test_the_arithmetic_is_that_of_the_terminal_with_whose_turn_it_is_now(desk: City, browser: Browser) -> None:
    client = browser("kanri")
    told = html.unescape(client.get("/explain/F1/2024").content.decode())
    with query.opened(desk.paths.published) as made:
        (kg,) = made.execute(
            "SELECT actual_low_co2e_kg FROM facility_results WHERE facility_id = 'F1' AND fiscal_year = 2024"
        ).fetchone() or (None,)
    assert kg is not None and f"{kg / 1000:.1f}" in told and "unit_slip" not in told and "P3" in told
    take(client, desk, "answer", ANSWER)
    assert "回答済" in client.get("/explain/F1/2024").content.decode()
    month = client.get("/explain/F1/2024?month=6").content.decode()
    assert "6月" in month and client.get("/explain/F1/2024?month=99").status_code == 200


def test_the_same_form_sent_twice_is_recorded_once_and_told_as_recorded(desk: City, browser: Browser) -> None:
    client, page = browser("kanri"), f"/questions/{matter(desk)}"
    sent = ANSWER | {"seen": hidden(client, page)}
    assert client.post(f"{page}/answer", sent).status_code == 302
    again = client.post(f"{page}/answer", sent)
    assert again.status_code == 409 and "すでに記録されています" in again.content.decode()
    assert "別の人" not in again.content.decode() and len(read_all(desk.paths.decisions_url)) == 1
    assert "すでに記録" not in browser("suishin").post(f"{page}/answer", sent).content.decode(), "it was not his"


def test_after_a_step_the_next_question_of_the_turn_is_one_click_away(desk: City, browser: Browser) -> None:
    client = browser("kanri")
    sent = take(client, desk, "answer", ANSWER)
    text = client.get(sent.url).content.decode()
    found = re.search(r'回答を記録しました[^<]*<a href="/questions/([^"]+)">次の質問へ', text)
    assert bool(found) == ("回答する" in text), "only where something waits"
    assert found is None or (found[1] != matter(desk) and client.get(f"/questions/{found[1]}").status_code == 200)


@pytest.mark.parametrize("typed", ["\u200b\u200b", "　 \n", "\u2066\u2069"])
def test_an_explanation_that_nobody_can_see_is_none(desk: City, browser: Browser, typed: str) -> None:
    told = take(browser("kanri"), desk, "answer", ANSWER | {"explanation": typed})
    assert told.status_code == 422 and read_all(desk.paths.decisions_url) == []


@pytest.mark.parametrize("typed", ["a\x1b[2Jb", "正しい\u202eいなくし正", "a\x07"])
def test_signs_that_command_a_terminal_or_turn_the_writing_are_refused(
    desk: City, browser: Browser, typed: str
) -> None:
    told = take(browser("kanri"), desk, "answer", ANSWER | {"explanation": typed})
    assert told.status_code == 422 and "制御文字" in told.content.decode()
    assert read_all(desk.paths.decisions_url) == []


def test_line_ends_of_a_browser_are_kept_as_one_sign_and_count_as_one(desk: City, browser: Browser) -> None:
    typed = "\r\n".join(["一" * 99] * 20)
    assert take(browser("kanri"), desk, "answer", ANSWER | {"explanation": typed}).status_code == 302
    (taken,) = read_all(desk.paths.decisions_url)
    assert taken.comment and "\r" not in taken.comment and typed.replace("\r\n", "\n") in taken.comment


def sent_too_late(client: Any, city: City, typed: str) -> dict[str, str]:
    """Send an answer without a session; give what the form of the log-in then carries."""
    page = f"/questions/{matter(city)}"
    sent = ANSWER | {"explanation": typed, "seen": hidden(client, page), "writer": hidden(client, page, "writer")}
    client.cookies.clear()
    told = client.post(f"{page}/answer", sent)
    assert told.status_code == 401
    fields = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', told.content.decode())
    return {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def test_what_was_typed_when_the_log_in_ended_is_the_draft_of_who_typed_it(desk: City, browser: Browser) -> None:
    typed = '三行\n書いた"<b>\nもの'
    client = browser("kanri")
    carried = sent_too_late(client, desk, typed)
    again = client.post("/login", carried | {"username": "kanri", "password": "wrong"}).content.decode()
    assert html.escape(typed, quote=False).partition("\n")[0] in again, "a slip of the password loses nothing"
    back = client.post("/login", carried | {"username": "kanri", "password": PASSWORD})
    assert back.url == f"/questions/{matter(desk)}"
    text = client.get(back.url).content.decode()
    assert "記録していません" in text and "下書き" in text
    assert typed in html.unescape(text.partition("<textarea")[2].partition("</textarea>")[0])
    assert read_all(desk.paths.decisions_url) == []


@pytest.mark.parametrize("name", ["suishin", "reader", "warden"])
def test_what_somebody_else_typed_is_nobodys_draft(desk: City, browser: Browser, name: str) -> None:
    client = browser("kanri")
    carried = sent_too_late(client, desk, "書いたのは別の人")
    back = client.post("/login", carried | {"username": name, "password": PASSWORD})
    text = client.get(back.url, follow=True).content.decode()
    assert "書いたのは別の人" not in text and "記録していません" in text
    from pipelines.web.models import UnsentForm

    assert not UnsentForm.objects.exists() and read_all(desk.paths.decisions_url) == []


def test_whether_data_are_right_is_asked_only_where_they_stand_in_doubt(desk: City, browser: Browser) -> None:
    client = browser("kanri")
    with counter.desk(desk.paths) as now:
        found = {
            now.asking(f).question_id: f
            for f in now.flags.values()
            if "P3" in {who for _, who in now.able(f, "answer")}
        }
    assert {f.has_doubts for f in found.values()} == {True, False}, "the city has both"
    for question, flag in found.items():
        text = client.get(f"/questions/{question}").content.decode()
        assert ("正しい（このまま使う）" in text) == flag.has_doubts, flag.rule_id
        if not flag.has_doubts:
            fields = {"seen": hidden(client, f"/questions/{question}"), "cause": "other", "explanation": "確かめた"}
            sent = client.post(f"/questions/{question}/answer", fields | {"data": "right"})
            assert sent.status_code == 302 and not read_all(desk.paths.decisions_url)[-1].data_are_right


def test_a_draft_by_the_id_of_a_flag_is_the_draft_of_its_question(desk: City, browser: Browser) -> None:
    with counter.desk(desk.paths) as now:
        (flag,) = [f.flag_id for f in now.flags.values() if f.rule_id == "unit_slip"]
    client = browser("kanri")
    assert client.post(f"/questions/{flag}/draft", {"explanation": "途中まで"}).status_code == 302
    assert "途中まで" in client.get(f"/questions/{matter(desk)}").content.decode()
    assert browser("reader").post(f"/questions/{flag}/draft", {"explanation": "x"}).status_code == 409


def test_the_numbers_of_a_question_are_set_for_people(desk: City, browser: Browser) -> None:
    text = browser("kanri").get(f"/questions/{matter(desk)}").content.decode()
    facts = re.findall(r"<dd>([^<]*)</dd>", text)
    assert facts and not any(
        re.search(r"\d\.\d{4,}|True|False|None|[\[{]", re.sub(r"^0\.0+", "", fact)) for fact in facts
    ), facts
    assert "幅が残り" in text, "what the answer does to the verdict"


def test_who_accepts_reads_the_answer_on_the_page_where_it_is_accepted(desk: City, browser: Browser) -> None:
    take(browser("kanri"), desk, "answer", ANSWER)
    for page in ("/questions?state=answered&mine=1", f"/questions/{matter(desk)}"):
        text = browser("suishin").get(page).content.decode()
        said = re.findall(r'<p class="said">([^<]*)</p>', text)
        assert any("[データは正しい]" in one and ANSWER["explanation"] in one for one in said), page


def test_the_question_stands_before_the_form_that_answers_it(desk: City, browser: Browser) -> None:
    text = browser("kanri").get(f"/questions/{matter(desk)}").content.decode()
    assert "あなたの番です" in text and text.index("単位や桁の取り違え") < text.index("<textarea")


def test_decisions_that_were_restored_are_read_by_a_desk_that_runs(
    desk: City, browser: Browser, tmp_path: Path
) -> None:
    store = Path(desk.paths.decisions_url.removeprefix("sqlite:///"))
    client = browser("kanri")
    assert client.get("/").status_code == 200
    (tmp_path / "before.sqlite").write_bytes(store.read_bytes())
    take(client, desk, "answer", ANSWER)
    assert "回答済 1" in client.get("/questions").content.decode()
    (tmp_path / "before.sqlite").replace(store)
    assert "回答済 0" in client.get("/questions").content.decode()
    take(client, desk, "answer", ANSWER)
    assert len(read_all(desk.paths.decisions_url)) == 1, "what is answered then stands in the store that is read"
