"""What is wrong in city.toml or year.toml, in words a person can act on."""

from __future__ import annotations

from pydantic_core import ErrorDetails

from pipelines.settings.secret import hidden
from pipelines.texts import both

# what pydantic calls a problem (how its name begins) -> what we say was expected
EXPECTED = {
    "model": "wants_a_table", "dict": "wants_a_table", "int": "wants_whole_number", "float": "wants_number", "bool": "wants_true_or_false",
    "string_type": "wants_text", "date": "wants_date", "tuple": "wants_list", "list": "wants_list", "string_too_short": "wants_some_text",
}  # fmt: skip
LIMITS = {
    "greater_than_equal": "settings_greater_than_equal", "less_than_equal": "settings_less_than_equal",
    "greater_than": "settings_greater_than", "less_than": "settings_less_than",
}  # fmt: skip


def told(problem: ErrorDetails) -> str:
    """One problem of city.toml: which key, what was found, what is wrong with it."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return both("key_required", at=key)
    if problem["type"] == "extra_forbidden":
        return both("unknown_key", at=key)
    what = _expected(problem)
    if not key:  # of several sections together: the sentence names them
        return what
    if key.endswith("_env") or isinstance(problem.get("input"), dict):  # a secret in the wrong place; a whole section
        return f"{key}: {what}"
    return hidden(f"{key} = {problem.get('input')!r}: {what}", ())


def _expected(problem: ErrorDetails) -> str:
    """What was expected, in words of ours where they have any for this kind of problem."""
    kind, bounds = problem["type"], problem.get("ctx", {})
    if kind in LIMITS and bounds:
        return both(LIMITS[kind], limit=next(iter(bounds.values())))
    start = next((start for start in EXPECTED if kind.startswith(start)), None)
    if start is not None:
        return both(EXPECTED[start])
    return str(problem["msg"]).removeprefix("Value error, ")
