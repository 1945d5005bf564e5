"""``facility-emissions review serve`` and ``review user``: the desk in a browser, and who may come in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.cli import common

Name = Annotated[
    str,
    typer.Argument(help="利用者名（appointments.csv の account と同じ） / the account's name, as in appointments.csv."),
]
user = typer.Typer(
    help="窓口の利用者を作る・止める・一覧 / accounts of the desk.", no_args_is_help=True, rich_markup_mode=None
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to ``facility-emissions review``."""
    app.command("serve")(review_serve)
    app.add_typer(user, name="user")


def review_serve() -> None:
    """ブラウザーの窓口を動かす（この計算機から。外へは代理サーバーの後ろで） / the desk in a browser, on this machine.

    例 / example: facility-emissions --city mycity review serve
    """
    from pipelines.web import serve

    out = common.terminal()
    day = common.chosen.today
    common.review_step(lambda city: serve.serve(city, day, lambda at: out.line(out.say("desk_served", address=at))))


@user.command("add")
def user_add(
    name: Name,
    password: Annotated[
        bool,
        typer.Option(
            "--ask-password", help="パスワードを尋ねる（省略は自動で作る） / ask for a password; without: made up."
        ),
    ] = False,
    administrator: Annotated[
        bool,
        typer.Option(
            "--administrator", help="利用者と記録を見る人。回答・承認はできない / sees accounts and the audit."
        ),
    ] = False,
) -> None:
    """利用者を作る。すでにあればパスワードを作り直し、また入れるようにする / make an account, or renew its password.

    例 / example: facility-emissions review user add yamada
    """
    from pipelines.web import accounts
    from pipelines.web.room import Room

    out = common.terminal()
    typed = typer.prompt(out.say("desk_password"), hide_input=True, confirmation_prompt=True) if password else None
    made = common.review_step(lambda city: accounts.add(city, name, typed, is_administrator=administrator))
    out.line(out.say("account_made", name=name))
    if made:
        out.line(out.say("account_password", password=made))
    if not administrator:
        person = common.review_step(lambda city: Room(city, common.chosen.today).now().person_of(name))
        out.line(out.say("account_whose" if person else "account_nobodys", name=name, person=person))


@user.command("disable")
def user_disable(name: Name) -> None:
    """利用者を止める。開いているログインも次の操作で終わる / let an account in no more."""
    from pipelines.web import accounts

    common.review_step(lambda city: accounts.disable(city, name))
    out = common.terminal()
    out.line(out.say("account_disabled", name=name))


@user.command("list")
def user_list(as_json: common.AsJson = False) -> None:
    """利用者の一覧 / all accounts."""
    from pipelines.web import accounts

    found = common.review_step(accounts.listed)
    if as_json:
        common.print_json([asdict(one) for one in found])
        return
    out = common.terminal()
    if not found:
        out.line(out.say("account_none"))
    for one in found:
        state = out.say("account_enabled" if one.is_enabled else "account_stopped")
        kind = out.say("account_administrator" if one.is_administrator else "account_ordinary")
        last = f"{one.last_seen:%Y-%m-%d %H:%M}" if one.last_seen else "-"
        out.line(out.say("account_line", name=one.name, state=state, kind=kind, last=last))
