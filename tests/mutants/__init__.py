"""Small mutations of our own SQL and Python, and who notices each: ``python -m tests.mutants`` (not part of the test run)."""
