"""Read with care what could not be read at once: lines that are not plain, layouts that say more, tables read in Python.

The cells are typed and judged by the .sql files beside this module, in the order raw_rows, row_cells, typed_cells, stamped_cells,
read_cells; only texts that DuckDB cannot read go through ``words``, each distinct text once.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines import tables
from pipelines.settings import Limits
from pipelines.sources import plain, shown, store, tables_found, words
from pipelines.sources.open_file import Outcome, Part
from pipelines.warehouse import database

HERE = Path(__file__).parent
# What people write besides our own words.
SPELLINGS = {
    "time_band": {"全日": "all", "昼間": "day", "夜間": "night"},
    "basis": {
        "湿": "wet", "湿ベース": "wet", "湿潤": "wet", "乾": "dry", "乾ベース": "dry", "乾燥": "dry",
    },
    "quality": {"推定": "supplier_estimated"},
    "stage": {"速報": "provisional", "確報": "confirmed", "確定": "confirmed", "訂正": "corrected"},
}  # fmt: skip
AGREED_WORDS = {
    column: {word: word for word in tables.words(column, table)} | SPELLINGS.get(column, {})
    for column, table in (
        ("reading_kind", ""), ("time_band", ""), ("basis", "waste_samples"), ("quality", ""), ("stage", ""),
    )
}  # fmt: skip
MACROS = """
CREATE OR REPLACE TEMP MACRO stated_offset(t) AS
    CASE WHEN right(t, 1) = 'Z' THEN 0
        ELSE CAST(t[-6] || '1' AS INTEGER) * (CAST(t[-5:-4] AS INTEGER) * 60 + CAST(t[-2:] AS INTEGER)) END;
CREATE OR REPLACE TEMP MACRO moment_of(t, form, utc_minutes) AS
    CASE WHEN form <> '' THEN NULL
        WHEN utc_minutes IS NULL THEN plain_moment(t)
        WHEN regexp_full_match(t, '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(:\\d\\d)?(Z|[+-]\\d\\d:\\d\\d)')
        THEN try_cast(regexp_extract(t, '^(.+?)(Z|[+-]\\d\\d:\\d\\d)$', 1) AS TIMESTAMP) + to_minutes(utc_minutes - stated_offset(t)) END;
CREATE OR REPLACE TEMP MACRO plain_decimal(t) AS
    CASE WHEN length(t) <= 19 AND NOT contains(t, '_') AND NOT contains(t, 'e') AND NOT contains(t, 'E')
            AND try_cast(t AS DECIMAL(18, 6)) = try_cast(t AS DECIMAL(38, 18))
        THEN try_cast(t AS DECIMAL(18, 6)) END;
CREATE OR REPLACE TEMP MACRO snapped(t, tolerance) AS
    CASE WHEN abs(epoch_us(t) - epoch_us(date_trunc('minute', t + INTERVAL 30 SECOND))) <= tolerance * 1000000
        THEN date_trunc('minute', t + INTERVAL 30 SECOND) ELSE t END;
CREATE OR REPLACE TEMP MACRO unclosed_mark() AS chr(30) || 'unclosed';
CREATE OR REPLACE TEMP MACRO stamp_tolerance() AS 0;
CREATE OR REPLACE TEMP MACRO bare(t) AS regexp_replace(t, '[\\s\u3000]', '', 'g');
CREATE OR REPLACE TEMP MACRO unmarked(has_marks, t) AS
    CASE WHEN has_marks THEN regexp_replace(t, '\\x1e[^\\x1e]*\\x1e[^\\x1e]*\\x1e', '', 'g') ELSE t END;
CREATE OR REPLACE TEMP MACRO rule_of(t) AS
    nullif(nullif(regexp_extract(t, '\\x1e([^\\x1e]*)\\x1e[^\\x1e]*\\x1e', 1), ''), 'shown_otherwise');
CREATE OR REPLACE TEMP MACRO shown_as(t) AS nullif(regexp_extract(t, '\\x1eshown_otherwise\\x1e([^\\x1e]*)\\x1e', 1), '');
CREATE OR REPLACE TEMP MACRO of_its_own(has_marks, t) AS
    CASE WHEN NOT has_marks THEN t WHEN rule_of(t) IS NULL THEN unmarked(true, t) END;
CREATE OR REPLACE TEMP MACRO total_of(has_marks, t) AS
    CASE WHEN has_marks AND rule_of(t) = 'not_calculated' THEN unmarked(true, t) || ' (計算されていない式 / formula never calculated)'
        ELSE unmarked(has_marks, t) END;
CREATE OR REPLACE TEMP MACRO our_word(has_words, words, role, t) AS
    CASE WHEN has_words THEN coalesce(words[role || ':' || coalesce(trim(t), '')], t) ELSE t END;
CREATE OR REPLACE TEMP MACRO unless_missing(has_missing, missing, t) AS
    CASE WHEN NOT has_missing THEN t WHEN list_contains(missing, trim(t)) THEN '' ELSE t END;
CREATE OR REPLACE TEMP MACRO period_start(t) AS trim(regexp_extract(t, '^(.+?)\\s*[\u301c\uff5e~]\\s*(.+)$', 1));
CREATE OR REPLACE TEMP MACRO period_end(t) AS trim(regexp_extract(t, '^(.+?)\\s*[\u301c\uff5e~]\\s*(.+)$', 2));
"""
EMPTY = """
CREATE OR REPLACE TEMP TABLE read_cells (
    file_no INTEGER, line BIGINT, column_name layout_word, {}, quantity_text VARCHAR, is_snapped BOOLEAN, rule_id VARCHAR, raw VARCHAR)
""".format(", ".join(f"{name} {kind}" for name, kind in list(store.VALUE_COLUMNS.items())[3:]))
NO_TOTALS = """
CREATE OR REPLACE TEMP VIEW printed_totals AS
SELECT NULL::INTEGER AS file_no, NULL::BIGINT AS line, NULL::VARCHAR AS column_name, NULL::VARCHAR AS text WHERE false
"""


def read(connection: duckdb.DuckDBPyConnection, found: list[Outcome], left: list[Part], limits: Limits) -> None:
    """Fill ``read_cells``: every cell of ``cells`` and of the lines that are left, with its values or the first rule it breaks.

    Args:
        connection: Where ``cells``, ``found_tables`` and what :func:`plain.read` made are.
        found: What became of each file; a table that turns out not to be what it seems is refused there.
        left: The tables of lines that were not read wholly at once.
        limits: The longest line, and how far a stamp may stand beside the minute.
    """
    connection.execute(EMPTY)
    tables = [part for outcome in found for part in outcome.parts]
    if not left and not any(part.table for part in tables):
        return
    connection.execute(MACROS)
    _load_lines(connection, left, limits)
    _refuse_lost_lines(connection, found, {part.file_no for part in left})
    tables_found.describe(connection, tables)
    # views, so that each cell is written twice only: typed, and read
    for view in ("raw_rows", "row_cells"):
        database.create_view(connection, view, HERE / f"{view}.sql", temporary=True)
    with_totals = any(part.recognised.total_rows or "total" in part.recognised.columns for part in tables)
    connection.execute(NO_TOTALS)
    if with_totals:
        database.create_view(connection, "printed_totals", HERE / "printed_totals.sql", temporary=True)
    database.create_temp(connection, "typed_cells", HERE / "typed_cells.sql")
    _load_words(connection)
    connection.execute(f"CREATE OR REPLACE TEMP MACRO stamp_tolerance() AS {int(limits.slot_tolerance_seconds)}")
    database.create_view(connection, "stamped_cells", HERE / "stamped_cells.sql", temporary=True)
    read_cells = database.sql_text(HERE / "read_cells.sql")
    database.run(connection, f"INSERT INTO read_cells BY NAME\n{read_cells}", what="read_cells")
    if with_totals:
        _refuse_wrong_totals(connection, found)


def _load_lines(connection: duckdb.DuckDBPyConnection, parts: list[Part], limits: Limits) -> None:
    """Read all lines of some tables in file order; the row id then tells each line's number."""
    connection.execute("CREATE OR REPLACE TEMP TABLE raw_lines (file_no INTEGER, text VARCHAR)")
    if parts:
        connection.execute(
            """INSERT INTO raw_lines SELECT $file_nos[CAST(file_index AS BIGINT) + 1], text
               FROM read_csv($paths, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false, delim = '\x01',
               quote = '', escape = '', strict_mode = false, max_line_size = $longest)""",
            {
                "paths": [str(part.path) for part in parts],
                "file_nos": [part.file_no for part in parts],
                "longest": plain.longest_line(limits),
            },
        )


def _refuse_lost_lines(connection: duckdb.DuckDBPyConnection, found: list[Outcome], by_lines: set[int]) -> None:
    """Refuse the tables of which fewer or more lines were read than the file has: a line lost in silence is the worst fault."""
    read = dict(connection.execute("SELECT file_no, count(*) FROM raw_lines GROUP BY file_no").fetchall())
    for outcome in found:
        for part in [part for part in outcome.parts if part.file_no in by_lines]:
            lines = read.get(part.file_no, 0)
            if lines != part.counted.all:
                for table in ("raw_lines", "placed_tables"):
                    connection.execute(f"DELETE FROM {table} WHERE file_no = $no", {"no": part.file_no})
                outcome.refuse(part, ("lines_lost", {"found": lines, "expected": part.counted.all}))


def _load_words(connection: duckdb.DuckDBPyConnection) -> None:
    """Read the texts that the fast way could not, each once."""
    moments = connection.execute(
        """SELECT DISTINCT started_text, form, utc_minutes FROM typed_cells WHERE started_text <> '' AND started IS NULL
           UNION SELECT DISTINCT ended_text, form, utc_minutes FROM typed_cells WHERE ended_text <> '' AND ended IS NULL
           UNION SELECT DISTINCT issued_text, '', NULL FROM typed_cells WHERE issued_text <> ''
           ORDER BY ALL"""
    ).fetchall()
    numbers = [
        text
        for (text,) in connection.execute(
            """SELECT DISTINCT quantity_text FROM typed_cells WHERE quantity_text <> '' AND quantity IS NULL
               UNION SELECT DISTINCT unnest([yen_text, kw_text, contract_text, moisture_text]) FROM typed_cells
               UNION SELECT DISTINCT text FROM printed_totals ORDER BY ALL"""
        ).fetchall()
        if text
    ]
    read = [words.read_number(text) for text in numbers]
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE moment_words AS SELECT unnest(CAST($texts AS VARCHAR[])) AS text,
           unnest(CAST($forms AS VARCHAR[])) AS form, unnest(CAST($offsets AS INTEGER[])) AS utc_minutes,
           unnest(CAST($moments AS TIMESTAMP[])) AS moment""",
        {
            "texts": [text for text, _, _ in moments],
            "forms": [form for _, form, _ in moments],
            "offsets": [offset for _, _, offset in moments],
            "moments": [words.read_moment(text, form, offset) for text, form, offset in moments],
        },
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE number_words AS SELECT unnest(CAST($texts AS VARCHAR[])) AS text,
           unnest(CAST($numbers AS DECIMAL(18, 6)[])) AS number, unnest(CAST($rules AS VARCHAR[])) AS rule_id""",
        {"texts": numbers, "numbers": [r.value for r in read], "rules": [r.rule_id for r in read]},
    )
    _load_shown(connection)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE missing_marks AS SELECT unnest(CAST($marks AS VARCHAR[])) AS text",
        {"marks": sorted(words.MISSING_MARKS)},
    )
    agreed = [(column, text, meaning) for column, pairs in AGREED_WORDS.items() for text, meaning in pairs.items()]
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE agreed_words AS SELECT unnest(CAST($columns AS VARCHAR[])) AS column_name,
           unnest(CAST($texts AS VARCHAR[])) AS text, unnest(CAST($meanings AS VARCHAR[])) AS meaning""",
        {"columns": [a[0] for a in agreed], "texts": [a[1] for a in agreed], "meanings": [a[2] for a in agreed]},
    )


def _load_shown(connection: duckdb.DuckDBPyConnection) -> None:
    """Hold each number format that shows something else than what is stored against the units beside it."""
    pairs = connection.execute(
        "SELECT DISTINCT shown_as, unit FROM typed_cells WHERE shown_as IS NOT NULL ORDER BY ALL"
    ).fetchall()
    read = [shown.agrees(part, unit) for part, unit in pairs]
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE shown_words AS SELECT unnest(CAST($parts AS VARCHAR[])) AS shown_as,
           unnest(CAST($beside AS VARCHAR[])) AS beside, unnest(CAST($agree AS BOOLEAN[])) AS agrees,
           unnest(CAST($stated AS VARCHAR[])) AS unit""",
        {
            "parts": [part for part, _ in pairs],
            "beside": [unit for _, unit in pairs],
            "agree": [agrees for agrees, _ in read],
            "stated": [unit for _, unit in read],
        },
    )


def _refuse_wrong_totals(connection: duckdb.DuckDBPyConnection, outcomes: list[Outcome]) -> None:
    """Refuse files whose printed totals differ from their cells: one of the two is not what the sender meant.

    Their cells are rejects, so that it stays known of whom and when they are.
    """
    found = connection.execute(database.sql_text(HERE / "wrong_totals.sql")).fetchall()
    wrong = {file_no: rest for file_no, *rest in found}
    for outcome in outcomes:
        for part in list(outcome.parts):
            if part.file_no in wrong:
                line, column, printed, summed = wrong[part.file_no]
                numbers = {"place": " ".join(p for p in (part.member, f"{line}行", column) if p), "printed": printed}
                connection.execute(
                    """UPDATE read_cells SET rule_id = 'file_refused', raw = quantity_text
                       WHERE file_no = $no AND rule_id IS NULL""",
                    {"no": part.file_no},
                )
                outcome.refuse(part, ("totals_disagree", numbers | {"summed": summed}))
                outcome.held.append(part)
