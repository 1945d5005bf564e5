"""Every list of allowed words stands once, in the catalogue of tables, and every sentence once, in the catalogue of texts."""

from __future__ import annotations

import ast
import builtins
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from expectations import suites
from expectations.contracts import contract
from pipelines import findings, tables, texts
from pipelines.registers.read import RegisterError, typed
from pipelines.settings.layout import Layout
from pipelines.sources.layouts.cell_words import AGREED_WORDS
from pipelines.warehouse.invariants import INVARIANTS

ROOT = Path(__file__).parents[1]
RAW = tomllib.loads((ROOT / "pipelines" / "tables.toml").read_text(encoding="utf-8"))
LISTS = {frozenset(words) for words in RAW["words"].values() if len(words) > 1}


def displays(path: Path) -> Iterator[tuple[int, frozenset[str]]]:
    """Every list, tuple or set of texts that a file writes down, and every text of words with bars, commas or slashes between."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            texts = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
            if len(texts) == len(node.elts):
                yield node.lineno, frozenset(texts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for between in ("|", ",", "/"):
                if between in node.value:
                    yield node.lineno, frozenset(map(str.strip, node.value.strip("^$()").split(between))) - {""}


def test_no_python_file_holds_a_second_list_of_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {', '.join(sorted(words))}"
        for folder in ("pipelines", "expectations", "flows")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, words in displays(path)
        if words in LISTS
    ]
    assert found == [], "read them with tables.words()"


def test_the_scan_finds_a_list_a_set_and_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        "A = ['month', 'year']\nB = {'year', 'month'}\nC = '^(|month|year)$'\nD = ['month', 'day']\nE = 'month, year'\n"
    )
    assert [line for line, words in displays(path) if words in LISTS] == [1, 2, 3, 5]


def listed(meaning: str) -> Iterator[frozenset[str]]:
    """The words that a column's meaning lists in brackets, each perhaps with what it means."""
    for inside in re.findall("（([^（）]*)）", meaning):
        items = [re.fullmatch(r"(\w+)(=[^,]*)?", item.strip()) for item in inside.split(",")]
        if len(items) > 1 and all(items):
            yield frozenset(item[1] for item in items if item)


def test_every_column_whose_meaning_lists_words_has_them() -> None:
    """What a person is told may stand there, a contract checks."""
    for name, (_, _, meaning, _) in RAW["columns"].items():
        known = {frozenset(words) for entry, words in RAW["words"].items() if name in (entry, entry.rpartition(".")[2])}
        for words in listed(meaning):
            assert words in known, f"{name}: {', '.join(sorted(words))}"
    assert list(listed("状態（running=進行中, closed=締め済）／場所（;区切り）")) == [frozenset({"running", "closed"})]


@pytest.mark.parametrize("column", ["year_state", "doubt_state", "designation_state", "effect", "side", "purpose"])
def test_states_are_contracted_where_a_run_writes_them(column: str) -> None:
    contracted = {c.table_name for make in suites.SUITES.values() for c in make()}
    derived = {
        t.name for t in tables.catalogue().values() if t.kind in ("derived", "reference") and column in t.column_names
    }
    assert tables.words(column) and {name for name in derived if not tables.table(name).is_view} <= contracted


def test_every_entry_names_a_column_of_the_catalogue() -> None:
    for entry in RAW["words"]:
        table, _, column = entry.rpartition(".")
        assert column in RAW["columns"], entry
        if table:
            assert column in tables.table(table).column_names, entry


def test_contracts_check_every_column_that_has_words() -> None:
    contracted = {c.table_name for make in suites.SUITES.values() for c in make()} - {"invariant_results"}
    assert {"readings", "register_states", "flags", "facility_results", "source_files"} <= contracted
    for name in contracted:
        made = {
            check.expectation.column: tuple(check.expectation.value_set)
            for check in contract(name)
            if check.expectation.expectation_type == "expect_column_values_to_be_in_set"
        }
        assert made == {c.name: c.words for c in tables.table(name).columns if c.words}, name


def test_a_column_may_have_other_words_in_one_table() -> None:
    assert tables.words("state")[-1] == "missing"
    assert tables.words("state", "flags") == ("open", "answered", "accepted", "returned", "confirmed")
    assert tables.words("basis", "waste_samples") == ("wet", "dry")
    assert tables.words("basis", "gaps") == () == tables.words("facility_id")


def test_registers_layouts_and_parsers_take_the_words_of_the_catalogue() -> None:
    head = b"meter_id,facility_id,energy_type,unit,reading_kind\n"
    for kind in tables.words("reading_kind"):
        assert typed({"meters": head + f"M,F,kerosene,L,{kind}\n".encode()})["meters"][0]["reading_kind"] == kind
        Layout(header=("a",), columns={"meter": "a", "date": "b", "quantity": "c"}, reading_kind=kind)
        assert AGREED_WORDS["reading_kind"][kind] == kind
    with pytest.raises(
        RegisterError, match=r"30分値 \(interval\), 検針 \(bill\), 指示数 \(register\), 納品 \(delivery\)"
    ):
        typed({"meters": head + b"M,F,kerosene,L,monthly\n"})
    with pytest.raises(ValueError, match="reading_kind"):
        Layout(header=("a",), columns={"meter": "a", "date": "b", "quantity": "c"}, reading_kind="monthly")


JAPANESE = re.compile("[\u3041-\u3096\u30a1-\u30fa々\u4e00-\u9fff]")
SENTENCE = re.compile(r"。|(ください|ません|ます|です|ました)[。）]?(\s|$)| / ")
LONGEST_WORD = 12
# texts of code that look like sentences -> why they stay: the file, the beginning of the text
ALLOWED = {
    ("pipelines/cli/common.py", "予期しない誤りです"): "the mark by which a fault of the program is known in a log",
    ("pipelines/reference/supplier_list.py", "(?:令和|R)"): "a pattern: what the ministry prints above its lists",
    ("pipelines/reference/supplier_list.py", "※ 公表元が"): "data: the note kept with a factor, as the list's own is",
    ("pipelines/sources/layouts/chugoku_hours.py", "平成24年08月分"): "an example of what the sender prints",
    ("pipelines/sources/layouts/headings.py", ""): "patterns: how senders write units and titles",
    ("pipelines/sources/layouts/jma_daily.py", "現象なし情報"): "headings of the weather agency's file",
    ("pipelines/sources/layouts/kansai_hours.py", "データ抽出対象期間"): "a pattern: what the sender prints",
    (
        "pipelines/sources/open/open_file.py",
        "（非表示 / hidden）",
    ): "a mark behind the name of a column, kept with a file",
    ("pipelines/sources/layouts/months.py", "(?P<month>"): "a pattern: how senders head a month",
    ("pipelines/cli/spoken.py", "^例 / example:"): "a pattern: how the docstring of a command begins its example",
    ("pipelines/units.py", "{}(一次) / {}(二次)"): "spellings of units",
    ("flows/nightly.py", "targets: "): "the name of a step: the words of the law for its verdicts",
}
SPEAKERS = ("both", "in_both", "ja_en", "letter")
# what a message that is made of a key found at run time looks up: the keys stand as words in the module, or are names of rows
KEYS_OF_VARIABLES = {
    "pipelines/settings/problems.py": "what pydantic calls a problem -> what is told (EXPECTED, LIMITS)",
    "pipelines/review/store.py": "what a database says -> what is told (NOT_DAMAGED)",
    "pipelines/reports/bill_book.py": "a column -> its heading (HEADINGS), what a formula finds -> what is told (the cases of a row)",
    "pipelines/warehouse/database.py": "why a published file cannot be opened -> what is told (PUBLISHED_PROBLEMS)",
    "pipelines/warehouse/invariants.py": "an invariant's name is the key of its sentence",
    "pipelines/periods.py": "what is wrong with a date is raised by its key, and told later",
    "pipelines/texts.py": "the functions themselves",
}
TOLD_ONCE = (*texts.TOLD_IN_BOTH, "letters")


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every Python file of the project with its syntax tree."""
    for folder in ("pipelines", "flows", "expectations"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Every place where a text of the catalogue is told."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPEAKERS:
            yield node


def named_in(text: str) -> set[str]:
    """The numbers that a text names, those within a choice of singular and plural as well."""
    return set(re.findall(r"(?<!{){(\w+)", text))


def told() -> dict[str, list[str]]:
    """Every text of the sections that are told by ``both``, ``ja_en`` and ``letter``: key -> the pair, or the one text."""
    found = {}
    for section in TOLD_ONCE:
        for key, text in texts.texts()[section].items():
            assert key not in found, f"{key} stands in two sections"
            found[key] = [text] if isinstance(text, str) else list(text)
    return found


def test_what_is_told_stands_in_the_catalogue_with_the_numbers_given() -> None:
    known, wrong = told(), []
    for place, tree in sources():
        for call in calls(tree):
            key = call.args[0]
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                wrong += [] if place in KEYS_OF_VARIABLES else [f"{place}:{call.lineno}: a key that is no literal"]
                continue
            given = {keyword.arg for keyword in call.keywords} - {"at"}
            named = {name for text in known.get(key.value, []) for name in named_in(text)}
            if key.value not in known:
                wrong.append(f"{place}:{call.lineno}: no text {key.value}")
            elif named != given if None not in given else not given - {None} <= named:  # None: **numbers
                wrong.append(
                    f"{place}:{call.lineno}: {key.value} names {sorted(named)}, given are {sorted(map(str, given))}"
                )
    assert wrong == []


def test_every_text_that_is_told_is_used() -> None:
    words = {
        node.value
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(told()) - words == set()


def test_a_text_names_the_same_numbers_in_both_languages() -> None:
    """A reader gets one of them alone; a letter is in Japanese only."""
    letters = texts.texts()["letters"]
    for key, pair in told().items():
        assert len(pair) == (1 if key in letters else 2) and all(pair), key
        assert len({frozenset(named_in(text)) for text in pair}) == 1, key
        if len(pair) == 2:  # 達成 is quoted in English too
            assert len(JAPANESE.findall(pair[1])) < len(re.findall("[A-Za-z]", pair[1])), key


def test_the_sections_are_the_whole_catalogue() -> None:
    whole = tomllib.loads((ROOT / "pipelines" / "texts.toml").read_text(encoding="utf-8"))
    assert texts.texts() == whole


def test_every_invariant_has_its_sentence() -> None:
    for invariant in INVARIANTS:
        assert f"{invariant.meaning_ja} / {invariant.meaning_en}" == invariant.meaning


def test_a_reader_gets_one_language_and_what_is_kept_has_both() -> None:
    try:
        texts.speak("en")
        assert texts.both("fewer_lines", at="a.jsonl", lines=1, found=0) == "a.jsonl: 0 of 1 line"
        texts.speak("ja")
        told = texts.both("cell_unreadable", at="a.csv", cell="x", meaning="", why=texts.both("no_figure"))
        assert "/" not in told and "/" not in told.en and texts.both("no_figure").en in told.en
        assert texts.in_both("no_figure") == " / ".join(texts.ja_en("no_figure"))
        assert (
            findings.rules()["prefect_away"].sentence("en", {"problem": texts.both("no_answer")}).count("no answer")
            == 1
        )
    finally:
        texts.speak("")
    assert texts.both("no_figure") == texts.in_both("no_figure")


def test_singular_and_plural_are_chosen_by_the_number() -> None:
    assert texts.both("fewer_lines", at="a.jsonl", lines=1, found=0) == "a.jsonl: 1 行のはずが 0 行 / 0 of 1 line"
    assert texts.both("fewer_lines", lines=2, found=0) == "2 行のはずが 0 行 / 0 of 2 lines"
    assert texts.both("lines_are_gone", lines=1).endswith(" / the one line is gone")
    assert texts.both("lines_are_gone", lines=1_200).endswith(" / all 1200 lines are gone")


def strings(node: ast.AST, *, in_cli: bool) -> Iterator[str]:
    """Every text of code: no docstrings, and of the command line no help.

    Typer wants the help of an option beside the option and takes a command's from its docstring, in both languages. Were they
    in the catalogue, every command would have to read it while it is imported, and a parameter would be told of in two places.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if in_cli and isinstance(child, ast.keyword) and child.arg == "help":
            continue
        if isinstance(child, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in child.values]
            yield "".join(map(str, parts))
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value
        if not isinstance(child, ast.JoinedStr):
            yield from strings(child, in_cli=in_cli)
        else:
            for part in child.values:
                yield from strings(part, in_cli=in_cli)


def is_sentence(text: str) -> bool:
    """A text that people read: it ends as a sentence does, is told in two languages, or is longer than a word."""
    signs = len(JAPANESE.findall(text))
    return signs > LONGEST_WORD or bool(signs and SENTENCE.search(text))


def test_sentences_stand_in_the_catalogue_alone() -> None:
    found, met = [], set()
    for place, tree in sources():
        for text in filter(is_sentence, strings(tree, in_cli=place.startswith("pipelines/cli/"))):
            why = next((key for key in ALLOWED if key[0] == place and text.startswith(key[1])), None)
            met.add(why)
            if why is None:
                found.append(f"{place}: {text}")
    assert found == [], "they belong in pipelines/texts.toml: texts.both, texts.ja_en, texts.label"
    assert set(ALLOWED) == met - {None}


def test_a_sentence_is_told_from_a_word() -> None:
    for text in ("{}: ファイルがありません", "直してください。", "{}件 / rows", "按分の計は毎日一、差引は親計器"):
        assert is_sentence(text)
    for text in ("エネルギー管理統括者", "令和", "no such file / none", "達成"):
        assert not is_sentence(text)


# errors of ours that nobody is shown: each is caught and told otherwise, by a rule, a label or another error
INTERNAL = {
    "BrokenDocumentError": "a file's rule of the register",
    "HeldBackError": "a rule of the register: the row of an answer sheet is held back by it",
    "BrokenWorkbookError": "WorkbookError",
    "CannotContinueError": "the run builds everything anew",
    "ChildDiedError": "a file's rule; in a list of factors ListError",
    "ChildStoppedError": "the run is being stopped: nobody waits for the file",
    "DocumentTypeError": "a file's rule",
    "LeftError": "the night goes on without Prefect",
    "LongTokenError": "a file's rule",
    "RefusedError": "the outcome of an announcement, in the run's notes",
    "RefusedFileError": "a file's rule",
    "StoppedError": "the label sql_stopped, in the reader's language",
    "TooLargeWorkbookError": "a file's rule",
    "TooManyCellsError": "TooLargeWorkbookError",
    "UnreadableError": "RegisterError, by the file's name",
    "TooManyRowsError": "the label sql_too_many, in the reader's language",
    "UnitError": "a rule: by ConvertError, RegisterError or the finding of a value",
    "WorkbookError": "a file's rule",
    "_EnoughError": "enough was read",
}


def test_every_error_that_reaches_people_is_actionable() -> None:
    """The command line prints the message of an ActionableError; anything else is told as a fault of the program."""
    bases: dict[str, list[str]] = {}
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                named = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
                bases[node.name] = [base for base in named if base != node.name]

    def above(name: str) -> set[str]:
        return {name}.union(*(above(base) for base in bases.get(name, ())))

    def is_error(name: str) -> bool:
        known = (getattr(builtins, base, None) for base in above(name))
        return any(isinstance(base, type) and issubclass(base, BaseException) for base in known)

    internal = {name for name in bases if is_error(name) and "ActionableError" not in above(name)}
    assert internal == set(INTERNAL)
