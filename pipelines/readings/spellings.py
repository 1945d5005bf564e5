"""Names of meters and sources that differ from the register only in width, case or composition of characters (``Ｍ１``, ``m1``).

Such a word means the meter or source whose name it is when folded (``pipelines/folding.py``), unless two have that folded name.

Reads ``meter_names`` and ``activity_sources``; adds the words as they were written to ``meter_names`` and ``activity_names``.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipelines import folding


def start(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the words of the registers apart from those that are added, and make the empty ``activity_names``."""
    connection.execute("CREATE OR REPLACE TEMP TABLE own_names AS SELECT DISTINCT word, meter_id FROM meter_names")
    connection.execute("CREATE OR REPLACE TEMP TABLE activity_names (word VARCHAR, activity_source_id VARCHAR)")


def know(connection: duckdb.DuckDBPyConnection, words: str) -> None:
    """Add the spellings among some words.

    Args:
        connection: Where ``meter_names``, ``activity_names`` (word, activity_source_id) and ``activity_sources`` are.
        words: The SELECT of the words as they were written.
    """
    written = connection.execute(
        f"""SELECT DISTINCT word FROM ({words}) AS w (word)
            WHERE word IS NOT NULL AND word NOT IN (SELECT word FROM meter_names)
                AND word NOT IN (SELECT word FROM activity_names)
                AND word NOT IN (SELECT activity_source_id FROM activity_sources) ORDER BY word"""
    ).fetchall()
    if not written:
        return
    meters = _by_spelling(connection.execute("SELECT word, meter_id FROM own_names").fetchall())
    activities = _by_spelling(
        connection.execute("SELECT DISTINCT activity_source_id, activity_source_id FROM activity_sources").fetchall()
    )
    spelled = [(word, folding.name(word)) for (word,) in written]
    pairs = "SELECT unnest(CAST($written AS VARCHAR[])) AS written, unnest(CAST($words AS VARCHAR[])) AS word"
    meant = [(word, own) for word, name in spelled for own in meters.get(name, ())]
    connection.execute(
        f"""INSERT INTO meter_names BY NAME SELECT DISTINCT m.* REPLACE (w.written AS word)
            FROM ({pairs}) AS w JOIN meter_names AS m ON m.word = w.word""",
        {"written": [word for word, _ in meant], "words": [own for _, own in meant]},
    )
    meant = [(word, own) for word, name in spelled for own in activities.get(name, ())]
    connection.execute(
        f"INSERT INTO activity_names SELECT written, word FROM ({pairs})",
        {"written": [word for word, _ in meant], "words": [own for _, own in meant]},
    )


def _by_spelling(words: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return folded word -> words of the register, without those that would name two things: one word, or words of one thing."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for word, owner in words:
        spellings, owners = found.setdefault(folding.name(word), (set(), set()))
        spellings.add(word)
        owners.add(owner)
    return {name: spellings for name, (spellings, owners) in found.items() if len(spellings) == 1 or len(owners) == 1}
