"""Commands about what was published before: ``restatements`` and ``edition``."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines import cli_common as common


def add_to(app: typer.Typer) -> None:
    """Put the commands into the command line."""
    app.command()(restatements)


def restatements(
    since: Annotated[str, typer.Option("--since", help="この日以降の公表 / published on or after.")] = "0001-01-01",
    as_json: common.AsJson = False,
) -> None:
    """過年度修正とその内訳 / closed years whose total changed, split by cause.

    例 / example: facility-emissions restatements --since 2026-04-01
    """
    from pipelines.reports import lists, show_past

    first = common.day(since, "--since")
    found = common.published_rows(lists.RESTATEMENTS, {"since": first})
    if as_json:
        common.print_json(found)
    else:
        show_past.restatements(common.terminal(), found)
