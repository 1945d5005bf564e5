"""The one base class of errors that a person can act on: the command line prints their message, never a traceback."""

from __future__ import annotations


class ActionableError(Exception):
    """Something the person who runs the command can mend; the message says what was found, where, and what to do."""
