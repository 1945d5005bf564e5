"""Drafting the layout of an unknown table, for ``parse --propose``."""
