"""From files to values as the supplier wrote them.

``inbox`` finds what arrived, ``inspect_file`` looks at the bytes, the layout modules recognise and name cells,
``parse`` turns cells into typed values, rejects and counts, and ``store`` keeps them as Parquet under ``parsed/``,
keyed to the files' hashes. Parsers only parse: nothing here sums, fills or guesses.
"""
