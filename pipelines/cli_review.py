"""``facility-emissions review``: the steps of a review in the terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pipelines import cli_common as common

app = typer.Typer(
    help="要確認事項への回答・承認・確認 / answering, accepting and confirming flags.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def review_list(
    state: Annotated[str | None, typer.Option(help="open, answered, accepted, returned, confirmed")] = None,
    as_json: common.AsJson = False,
) -> None:
    """要確認事項を今の状態で一覧する / flags with their state now, decisions since the last night included."""
    from pipelines.review import counter

    found = counter.listed(common.city_folder(), state)
    if as_json:
        common.print_json(found)
    elif found:
        common.terminal().flags(found)
    else:
        common.terminal().line(common.terminal().say("review_none"))


@app.command("answer")
def review_answer(
    flag: Annotated[str, typer.Argument(help="要確認事項ID（先頭だけでもよい） / flag id or its beginning.")],
    by: Annotated[str, typer.Option("--by", help="担当者ID / person id.")],
    text: Annotated[str, typer.Option("--text", help="回答 / the answer.")],
    data_are_right: Annotated[
        bool, typer.Option("--data-are-right", help="データは正しい / the data are right.")
    ] = False,
    as_json: common.AsJson = False,
) -> None:
    """回答する / answer a flag.

    例 / example: facility-emissions review answer 3f2a --by P604 --text "検針票を確認中" --data-are-right
    """
    from pipelines.review import counter

    _review(
        lambda: [counter.answer(common.city_folder(), flag, by, text, data_are_right=data_are_right)], as_json=as_json
    )


@app.command("accept")
def review_accept(
    flag: Annotated[str, typer.Argument()],
    by: Annotated[str, typer.Option("--by")],
    text: Annotated[str, typer.Option("--text")] = "",
    as_json: common.AsJson = False,
) -> None:
    """承認する / accept an answer."""
    from pipelines.review import counter

    _review(lambda: [counter.judge(common.city_folder(), flag, "accept", by, text)], as_json=as_json)


@app.command("return")
def review_return(
    flag: Annotated[str, typer.Argument()],
    by: Annotated[str, typer.Option("--by")],
    text: Annotated[str, typer.Option("--text")],
    as_json: common.AsJson = False,
) -> None:
    """差し戻す / return an answer with the reason."""
    from pipelines.review import counter

    _review(lambda: [counter.judge(common.city_folder(), flag, "return", by, text)], as_json=as_json)


@app.command("confirm")
def review_confirm(
    by: Annotated[str, typer.Option("--by", help="統括者のID / person id of the 統括者.")],
    on: Annotated[str, typer.Option("--on", help="決裁日 / date.")],
    document: Annotated[str, typer.Option("--document", help="文書番号 / document number.")],
    fiscal_year: common.FiscalYear,
    as_json: common.AsJson = False,
) -> None:
    """承認済みの一覧を確認（決裁）する / confirm the list of accepted flags of a fiscal year."""
    from pipelines.review import counter

    _review(
        lambda: counter.confirm(common.city_folder(), by, common.day(on, "--on"), document, fiscal_year),
        as_json=as_json,
    )


def _review(step: Any, *, as_json: bool) -> None:  # noqa: ANN401 - a step of the review
    from pipelines.findings import word
    from pipelines.review.desk import StepError
    from pipelines.warehouse.query import QueryError

    try:
        taken = step()
    except (StepError, QueryError) as error:
        common.fail(str(error))
    if as_json:
        common.print_json([asdict(decision) for decision in taken])
        return
    out = common.terminal()
    for decision in taken:
        told = {
            "flag": decision.flag_id[:8],
            "step": word(decision.step, out.language),
            "post": decision.post,
            "person": decision.person_id,
        }
        out.line(out.say("review_done", **told))
    if not taken:
        out.line(out.say("review_none"))
