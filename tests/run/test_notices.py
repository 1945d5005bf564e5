"""The notice of the morning: to each person alone, only what is new, due or overdue, once, and never silently not at all."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from flows import nightly
from pipelines.ask import mornings
from pipelines.history import told
from pipelines.history.records import History
from pipelines.reports import answer_sheets
from pipelines.reports.notice_mail import MOST_LINES
from pipelines.reports.plain_text import tonnes
from pipelines.review import counter
from pipelines.review.evidence import Evidence
from pipelines.run import announce, notices
from pipelines.run.guard import guarded
from pipelines.run.night import Night
from pipelines.settings.city import CityFolder, load_settings
from pipelines.settings.city_file import SettingsError
from tests.announced import HOST, Smtp, dripping, listening, silent
from tests.making import DEFAULTS, TODAY, City, monthly

PAPER = Evidence(document_no="環政第9号", document_date=date(2026, 6, 10))
SLIP = monthly("M1", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2024, 6) else 100 if y < 2024 else 60)
NAMES = {"P1": "山田", "P2": "佐藤", "P3": "鈴木", "P4": "高橋"}
PEOPLE = [
    row | {"name": NAMES[str(row["person_id"])], "email": f"{row['person_id']}@example.jp"}
    for row in DEFAULTS["appointments"]
]
DEPUTY = PEOPLE[-1] | {"person_id": "P4", "name": "高橋", "email": "P4@example.jp", "acting_for": "P3"}


@pytest.fixture(scope="module")
def slipped_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city with a unit slip in FY2024, published; its owner P3 has the deputy P4."""
    made = City(tmp_path_factory.mktemp("notices") / "city").bills("fuel/a.csv", SLIP)
    made.register("appointments", [*PEOPLE, DEPUTY])
    made.publish()
    return made


@pytest.fixture
def slipped(slipped_once: City, tmp_path: Path) -> City:
    return slipped_once.copied(tmp_path / "slipped")


def on(city: City, day: date) -> CityFolder:
    """The city on another day, with what was published."""
    return CityFolder(city.folder, today=day)


def flag_of(city: City) -> str:
    (found,) = (row["flag_id"] for row in counter.listed(city.paths, None) if row["rule_id"] == "unit_slip")
    return str(found)


def files(city: City, day: date = TODAY) -> dict[str, EmailMessage]:
    """Person -> the notice that lies in the folder of a day."""
    found = sorted((city.paths.data / "notices" / str(day)).glob("*"))
    return {path.stem: read(path.read_bytes()) for path in found}


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def body(message: EmailMessage) -> str:
    return str(message.get_content())


def ways(city: City) -> list[tuple[str, str]]:
    return [(each.person_id, each.way) for each in told.read(city.paths.history)]


# ---------------------------------------------------------------- what is told to whom


def test_a_file_per_person_tells_what_waits_for_this_person_alone(slipped: City) -> None:
    done = notices.tell(slipped.paths)
    assert (done.files, done.mails, done.no_address, done.findings) == (2, 0, [], [])
    found = files(slipped)
    assert set(found) == {"P3", "P4"}, "the holder and the deputy; nothing waits for the others"
    flag = next(row for row in counter.listed(slipped.paths, None) if row["rule_id"] == "unit_slip")
    for person, message in found.items():
        text = body(message)
        assert message["To"] == f"{person}@example.jp" and message["From"] is None and message["X-Unsent"] == "1"
        assert text.startswith(f"{NAMES[person]} 様\n") and "3 件あります" in text and "新しいもの 3 件" in text
        lines = [each for each in text.splitlines() if each.startswith("・")]
        (line,) = (each for each in lines if flag["ja"][:40] in each)
        assert len(lines) == 3 and f" {tonnes(flag['stake'])} 令和8年6月15日から [" in line
        assert line.startswith("・【新】回答: 本庁舎 2024年度")
        assert f"review mine --by {person}、" in text
        others = [name for other, name in NAMES.items() if other != person]
        assert not any(word in text for word in (*others, "達成", "未達", "判定"))
    assert ways(slipped) == [("P3", "file"), ("P4", "file")]


def test_the_folder_is_for_the_office_alone(slipped: City) -> None:
    run_story(slipped)
    folder = slipped.paths.data / "notices"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*.eml")} == {0o600}


def test_what_was_told_is_not_new_again_and_nobody_is_told_twice_a_day(slipped: City) -> None:
    flag = flag_of(slipped)
    assert notices.tell(slipped.paths).files == 2
    assert notices.tell(slipped.paths).files == 0, "the same day"
    tuesday = on(slipped, date(2026, 6, 16))
    assert notices.tell(tuesday).files == 0, "nothing new, due or overdue"
    counter.answer(slipped.paths, flag, "P3", "停止", data_are_right=True)
    assert notices.tell(slipped.paths).files == 1, "whoever was not told today yet"
    assert [*files(slipped)] == ["P2", "P3", "P4"] and "承認: 本庁舎" in body(files(slipped)["P2"])
    counter.judge(slipped.paths, flag, "return", "P2", "期間を")
    assert notices.tell(tuesday).files == 2, "it came back: new to whoever answered and to the deputy"
    counter.answer(slipped.paths, flag, "P3", "6月", data_are_right=True)
    counter.judge(slipped.paths, flag, "return", "P2", "日を")
    wednesday = date(2026, 6, 17)
    assert notices.tell(on(slipped, wednesday)).files == 2, "it came back again, in the same state"
    text = body(files(slipped, wednesday)["P3"])
    assert (
        "新しいもの 1 件" in text and text.count("・") == 1 and "このほか、前にお知らせした 2 件がそのままです" in text
    )


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 6, 19), None),
        (date(2026, 6, 23), "期限 令和8年6月30日（あと7日）"),
        (date(2026, 6, 30), "期限 令和8年6月30日（あと0日）"),
        (date(2026, 7, 1), "期限 令和8年6月30日（1日超過）"),
    ],
)
def test_a_due_date_of_a_round_comes_near_and_passes(
    slipped: City, tmp_path: Path, day: date, says: str | None
) -> None:
    notices.tell(slipped.paths)
    answer_sheets.issue(slipped.paths, "2026-1", date(2026, 6, 30), tmp_path / "round")
    notices.tell(on(slipped, day))
    if says is None:
        assert files(slipped, day) == {}
        return
    assert notices.tell(on(slipped, day)).files == 0, "what is due stays so, and is told once a day"
    text = body(files(slipped, day)["P3"])
    assert says in text and "【新】" not in text and "新しいもの 0 件" in text
    near, over = ("3", "0") if "あと" in says else ("0", "3")
    assert f"7日以内に期限 {near} 件、期限超過 {over} 件" in text
    counter.answer_all(slipped.paths, counter.all_of(slipped.paths, "P3", "answer"), "P3", "停止", data_are_right=False)
    later = date(2026, 7, 2)
    notices.tell(on(slipped, later))
    assert [*files(slipped, later)] == ["P2"], "answered: no day is left for anybody"
    assert "期限 令和" not in body(files(slipped, later)["P2"])


def test_only_persons_in_office_and_on_the_days_of_the_week_that_are_set(slipped: City) -> None:
    saturday = on(slipped, date(2026, 6, 20))
    assert notices.tell(saturday).files == 0
    slipped.register("appointments", [*PEOPLE, DEPUTY | {"ended_on": "2026-06-22"}])
    slipped.publish()
    assert notices.tell(on(slipped, date(2026, 6, 22))).files == 1
    assert ways(slipped) == [("P3", "file")]


def test_lines_are_per_question_and_the_rest_is_counted_with_its_sum(make_city: Callable[..., City]) -> None:
    city = make_city(extra="[questions]\nof_facility = 0\nleast_t = 0\nof_operator = 0\n")
    names = [f"S{number:02}" for number in range(MOST_LINES + 4)]
    department = {name: "福祉課" if number < 2 else f"{name}課" for number, name in enumerate(names)}
    city.register(
        "facilities",
        [{"facility_id": n, "name": f"施設{n}", "operator_id": "OP", "department": department[n]} for n in names],
    )
    meter = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{"meter_id": f"M{n}", "facility_id": n} | meter for n in names])
    for name in names:
        city.bills(
            f"fuel/{name}.csv", monthly(f"M{name}", 2022, 2025, lambda y, m: "1" if (y, m) == (2024, 6) else 1000)
        )
    city.publish()
    notices.tell(city.paths)
    with counter.desk(city.paths) as desk:
        flags = desk.of_person("P3")
        questions = {desk.question_of(flag) for flag in flags}
    text = body(files(city)["P3"])
    lines = [line for line in text.splitlines() if line.startswith("・")]
    assert f"{len(questions)} 件あります" in text and len(questions) > MOST_LINES == len(lines)
    assert any("ほか1施設" in line for line in lines), "one line for the two of one department"
    (rest,) = (line for line in text.splitlines() if line.startswith("ほか"))
    assert rest.startswith(f"ほか {len(questions) - MOST_LINES} 件") and " t" in rest
    assert max(map(len, text.splitlines())) <= 200
    assert not [line for line in body(files(city)["P3"]).splitlines() if "そのまま" in line]


# ---------------------------------------------------------------- names and addresses are strangers' words


@pytest.mark.parametrize(
    "address",
    [
        "a@example.jp\r\nBcc: x@example.jp",
        "a@example.jp, b@example.jp",
        "鈴木 <a@example.jp>",
        "none",
        "a@example.jp\n\nx",
        "",
    ],
)
def test_an_address_that_is_none_stands_in_no_head_and_is_told(
    address: str, slipped: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, _) = mornings.notices(slipped.paths)
    hostile = "鈴木\r\nBcc: x@example.jp\x1b[2J\u2028\x85"
    monkeypatch.setattr(notices, "notices", lambda _: [replace(first, address=address, name=hostile)])
    server = Smtp()
    with sending(slipped, monkeypatch, server):
        done = notices.tell(slipped.paths)
    assert server.mail == b"" and (done.mails, done.files, done.no_address) == (0, 1, ["P3"])
    assert [finding.rule_id for finding in done.findings] == ["notices_without_address"]
    message = files(slipped)["P3"]
    assert message["To"] is None and message["Bcc"] is None and "Bcc: x@example.jp" in body(message)
    assert all(line.isprintable() for line in body(message).split("\n"))


def test_a_person_whose_id_is_a_path_writes_into_the_folder_alone(
    slipped: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = mornings.notices(slipped.paths)
    evil = [replace(first, person_id="../../P3"), replace(second, person_id="..\\..\\P3")]
    monkeypatch.setattr(notices, "notices", lambda _: evil)
    assert notices.tell(slipped.paths).files == 2
    assert len(files(slipped)) == 2 and not list(slipped.paths.data.glob("*.eml"))


# ---------------------------------------------------------------- sending


class Taking(Smtp):
    """Takes every mail apart, with whom it is for; refuses some."""

    def __init__(self, refuses_to: str = "", then: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.refuses_to, self.then = refuses_to, then
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.to: list[str] = []

    def _answer(self, word: str) -> bytes:
        told_last = self.commands[-1]
        if word == "MAIL":
            self._take()
            self.to = []
        if word == "RCPT":
            if self.refuses_to and self.refuses_to in told_last:
                return b"550 nobody here\r\n"
            self.to.append(told_last.partition("<")[2].partition(">")[0])
        return super()._answer(word)

    def _take(self) -> None:
        if self.mail:
            self.mails.append((self.to, read(self.mail)))
            self.mail = b""
            self.then()

    def taken(self) -> list[tuple[list[str], EmailMessage]]:
        self._take()
        return self.mails


@contextmanager
def sending(city: City, monkeypatch: pytest.MonkeyPatch, server: Any) -> Iterator[None]:
    """Let a city send its notices to a server; the clock says the city's day."""
    monkeypatch.setattr(CityFolder, "now", lambda _: datetime(2026, 6, 15, 5, 0))
    with listening(server) as port:
        mail = f"host = '{HOST}'\nport = {port}\nencryption = 'none'\nsender = 'a@example.jp'\nrecipients = ['office@example.jp']\n"
        before = (city.folder / "city.toml").read_text(encoding="utf-8")
        (city.folder / "city.toml").write_text(
            f"{before}\n[notices]\nsend = true\n[announce.mail]\n{mail}", encoding="utf-8"
        )
        yield
        (city.folder / "city.toml").write_text(before, encoding="utf-8")


def test_each_mail_goes_to_its_person_alone(slipped: City, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Taking()
    with sending(slipped, monkeypatch, server):
        done = notices.tell(slipped.paths)
        assert notices.tell(slipped.paths).mails == 0, "nobody twice"
    assert (done.mails, done.files, done.findings) == (2, 0, []) and files(slipped) == {}
    mails = server.taken()
    assert [to for to, _ in mails] == [["P3@example.jp"], ["P4@example.jp"]]
    for (person,), message in mails:
        assert message["To"] == person and message["From"] == "a@example.jp" and message["X-Unsent"] is None
        assert "office@example.jp" not in str(message) and message["Cc"] is None
    assert ways(slipped) == [("P3", "mail"), ("P4", "mail")]


def test_one_refused_address_costs_the_others_nothing_and_is_tried_again(
    slipped: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sending(slipped, monkeypatch, Taking(refuses_to="P3@")):
        done = notices.tell(slipped.paths)
    assert (done.mails, done.files) == (1, 1) and ways(slipped) == [("P4", "mail")]
    (finding,) = done.findings
    assert finding.rule_id == "notices_not_sent" and finding.numbers["people"] == "P3"
    assert [*files(slipped)] == ["P3"], "it can be sent by hand meanwhile"
    again = Taking()
    with sending(slipped, monkeypatch, again):
        done = notices.tell(slipped.paths)
    assert done.mails == 1 and [to for to, _ in again.taken()] == [["P3@example.jp"]]
    assert files(slipped) == {} and ways(slipped) == [("P4", "mail"), ("P3", "mail")]


@pytest.mark.parametrize("server", ["none", "silent", "dripping"])
def test_a_server_that_fails_costs_a_sentence_and_a_few_seconds(
    server: str, slipped: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "SECONDS", 1.0)
    serve = {"none": lambda connection: connection.close(), "silent": silent, "dripping": dripping(b"220-")}[server]
    with sending(slipped, monkeypatch, serve):
        done = notices.tell(slipped.paths)
    assert (done.mails, done.files) == (0, 2) and ways(slipped) == []
    assert [finding.numbers["count"] for finding in done.findings] == [2]


def test_killed_between_sending_and_noting_tells_twice_and_never_not_at_all(
    slipped: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    first, second = Taking(), Taking()
    with sending(slipped, monkeypatch, first), monkeypatch.context() as patch:
        patch.setattr(told, "note", dies)
        with pytest.raises(KeyboardInterrupt):
            notices.tell(slipped.paths)
    assert ways(slipped) == []
    with sending(slipped, monkeypatch, second):
        notices.tell(slipped.paths)
    assert [to for to, _ in second.taken()] == [["P3@example.jp"], ["P4@example.jp"]]
    same = {to[0]: message["Message-ID"] for to, message in first.taken()}
    assert same["P3@example.jp"] == second.taken()[0][1]["Message-ID"], "which a mail server may fold"


def test_a_run_for_another_day_writes_to_nobody(slipped: City, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Taking()
    with sending(slipped, monkeypatch, server):
        done = notices.tell(on(slipped, date(2026, 3, 31)))
    assert server.commands == [] and ways(slipped) == [] and files(slipped, date(2026, 3, 31)) == {}
    assert [finding.rule_id for finding in done.findings] == ["notices_of_another_day"]


def test_sending_needs_a_mail_server_and_a_day_is_a_day(slipped: City) -> None:
    text = (slipped.folder / "city.toml").read_text(encoding="utf-8")
    (slipped.folder / "city.toml").write_text(f"{text}\n[notices]\nsend = true\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\n  notices.send: .*\[announce.mail\]"):
        load_settings(slipped.folder)
    (slipped.folder / "city.toml").write_text(f"{text}\n[notices]\ndays = ['payday']\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"notices\.days"):
        load_settings(slipped.folder)
    (slipped.folder / "city.toml").write_text(f"{text}\n[notices]\ndays = []\n", encoding="utf-8")
    assert notices.tell(slipped.paths).files == 0


# ---------------------------------------------------------------- the night


def run_story(city: City) -> Night:
    """The whole night as the flow tells it, without Prefect."""
    night = Night(city.paths)
    with guarded(night):
        nightly.story(night)
    return night


def test_every_morning_tells_also_where_nothing_is_new(slipped: City, monkeypatch: pytest.MonkeyPatch) -> None:
    night = run_story(slipped)
    assert night.outcome.nothing_new and night.outcome.told_people["files"] == 2
    assert run_story(slipped).outcome.told_people["files"] == 0
    assert "notices.jsonl" in {path.name for path in slipped.paths.history.glob("*.jsonl")}
    rebuilt = Night(slipped.paths)
    monkeypatch.setattr(Night, "tell_people", lambda _: pytest.fail("a rebuild tells nobody"))
    monkeypatch.setattr("pipelines.warehouse.publish.describe", lambda _: None)
    with guarded(rebuilt):
        nightly.story(rebuilt, from_history=True)


def test_a_night_goes_on_where_nobody_can_be_told_and_says_so(slipped: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(notices, "tell", fails)
    night = run_story(slipped)
    assert [notice["rule_id"] for notice in night.outcome.notices] == ["notices_failed"]
    assert "no room" in History(slipped.paths.history).read("runs")[-1]["run_problem"]
    night.outcome.published = True
    night.tell_people()
    note = History(slipped.paths.history).read("run_notes")[-1]
    assert note["way"] == "notices" and "no room" in note["problem"]
