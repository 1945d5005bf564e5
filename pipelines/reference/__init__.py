"""Reference data: laws and ministries' lists as CSV with validity, edition and source; loaded as tables.

Every row comes from a document named in ``sources.csv``. What could not be verified stands in ``gaps.csv`` and has
no row anywhere else. Nothing in code holds an emission factor.
"""
