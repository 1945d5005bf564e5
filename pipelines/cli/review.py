"""``facility-emissions review``: the steps of a review in the terminal."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import tables
from pipelines.cli import common

if TYPE_CHECKING:
    from datetime import date

    from pipelines.review.evidence import Evidence
    from pipelines.settings.city import CityFolder

Paper = Annotated[
    Path | None,
    typer.Option(
        "--evidence", help="根拠のファイル（回答票・スキャン。写しを保存） / a returned sheet or scan; a copy is kept."
    ),
]
Document = Annotated[str, typer.Option("--document", help="根拠の文書番号 / number of the document behind it.")]
DocumentDate = Annotated[str | None, typer.Option("--on", help="その文書の日付 / its date.")]

Flags = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FLAG...",
        help="要確認事項ID（先頭だけでもよい。いくつでも） / flag ids or their beginnings, any number; a decision for each, or none.",
    ),
]
AllOf = Annotated[
    str,
    typer.Option(
        "--all-of",
        help="IDの代わりに: この担当者の番であるもの全部 / instead of ids: all that waits for this person at this step.",
    ),
]

app = typer.Typer(
    help="要確認事項への回答・承認・確認 / answering, accepting and confirming flags.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def review_list(
    state: Annotated[str | None, typer.Option(help=", ".join(tables.words("state", "flags")))] = None,
    fiscal_year: Annotated[
        int | None, typer.Option("--fiscal-year", help="この年度だけ / of this fiscal year.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            help="起案用の一覧（.xlsx か .docx）に書き出す（--state accepted とともに） / a workbook or a document.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", help="この統括者が確認できるものだけを書き出す / of the list, what this person may confirm."
        ),
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """要確認事項を今の状態で一覧する / flags with their state now, decisions since the last night included.

    例 / example: facility-emissions review list --state accepted --fiscal-year 2025 --export 起案.xlsx
    """
    from pipelines.reports.terminal import show_lists
    from pipelines.review import counter
    from pipelines.texts import both

    if export is not None:
        _export(state, fiscal_year, export, by, as_json=as_json)
        return
    if by is not None:
        common.refuse(both("export_by_of_export", at="--by"))
    found = counter.listed(common.city_folder(), state)
    found = [row for row in found if fiscal_year in (None, row["fiscal_year"])]
    if as_json:
        common.print_json(found)
    elif found:
        show_lists.flags(common.terminal(), found)
    else:
        common.terminal().line(common.terminal().say("review_none"))


@app.command("show")
def review_show(
    matter: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="要確認事項・疑義・質問のID（先頭だけでもよい） / id of a flag, doubt or question."
        ),
    ],
    as_json: common.AsJson = False,
) -> None:
    """一件のすべて: 根拠の数字、疑義、経過、今はだれの番か、次に打つコマンド / one matter, and the next command.

    例 / example: facility-emissions review show 3f2a
    """
    from pipelines.ask import turns
    from pipelines.reports.terminal import show_turns

    told = common.review_step(lambda city: turns.show(city, matter))
    if as_json:
        common.print_json(told)
    else:
        show_turns.matter(common.terminal(), told)


@app.command("mine")
def review_mine(
    by: Annotated[str, typer.Option("--by", help="担当者ID / person id.")],
    as_json: common.AsJson = False,
) -> None:
    """自分の番のもの（件数とt）と、送ったものが今だれのところにあるか / what waits for me, and what I sent on.

    例 / example: facility-emissions review mine --by P604
    """
    from pipelines.ask import turns
    from pipelines.reports.terminal import show_turns

    told = common.review_step(lambda city: turns.mine(city, by))
    if as_json:
        common.print_json(told)
    else:
        show_turns.person(common.terminal(), told)


@app.command("answer")
def review_answer(
    by: Annotated[str, typer.Option("--by", help="担当者ID / person id.")],
    text: Annotated[str, typer.Option("--text", help="回答 / the answer.")],
    flags: Flags = None,
    all_of: AllOf = "",
    data_are_right: Annotated[
        bool, typer.Option("--data-are-right", help="データは正しい / the data are right.")
    ] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="保留中の行は捨てる / the rows held back are to be discarded.")
    ] = False,
    stands_for: Annotated[
        int,
        typer.Option(
            "--stands-for",
            min=1,
            max=3,
            help="回答が有効な年度の数（その年度を含む）。後の年度は、同じ形のものを尋ねないだけで、疑義も幅も晴れません"
            " / fiscal years for which the answer stands: later ones of the same pattern are not asked, and keep their bounds.",
        ),
    ] = 1,
    evidence: Paper = None,
    document: Document = "",
    on: DocumentDate = None,
    as_json: common.AsJson = False,
) -> None:
    """回答する / answer a flag.

    例 / example: facility-emissions review answer 3f2a --by P604 --text "検針票を確認中" --data-are-right

    他人の回答の記録には根拠（--evidence、または --document と --on）を付けます / recording somebody else's answer takes evidence.
    """
    from pipelines.review import counter

    def step(city: CityFolder) -> list[Any]:
        paper = _evidence(city, evidence, document, on)
        chosen = _chosen(city, flags, all_of, "answer")
        return counter.answer_all(
            city, chosen, by, text, paper, data_are_right=data_are_right, discard=discard, stands_for=stands_for
        )

    _review(step, as_json=as_json)


@app.command("accept")
def review_accept(
    by: Annotated[str, typer.Option("--by")],
    flags: Flags = None,
    text: Annotated[str, typer.Option("--text")] = "",
    all_of: AllOf = "",
    evidence: Paper = None,
    document: Document = "",
    on: DocumentDate = None,
    as_json: common.AsJson = False,
) -> None:
    """承認する / accept an answer.

    データは正しい（または行を捨てる）という回答の承認は、本人の利用者からか、根拠つきでなければ記録のみとなります
    / accepting that data are right takes the person's own account or evidence.
    """
    _judge("accept", by, text, flags, all_of, (evidence, document, on), as_json=as_json)


@app.command("return")
def review_return(
    by: Annotated[str, typer.Option("--by")],
    text: Annotated[str, typer.Option("--text")],
    flags: Flags = None,
    all_of: AllOf = "",
    evidence: Paper = None,
    document: Document = "",
    on: DocumentDate = None,
    as_json: common.AsJson = False,
) -> None:
    """差し戻す / return an answer with the reason."""
    _judge("return", by, text, flags, all_of, (evidence, document, on), as_json=as_json)


@app.command("confirm")
def review_confirm(
    by: Annotated[str, typer.Option("--by", help="統括者のID / person id of the 統括者.")],
    on: Annotated[str, typer.Option("--on", help="決裁日 / date.")],
    document: Annotated[str, typer.Option("--document", help="文書番号 / document number.")],
    fiscal_year: Annotated[
        int | None, typer.Option("--fiscal-year", help="年度（--list のかわりに） / fiscal year, instead of a list.")
    ] = None,
    listed: Annotated[
        Path | None,
        typer.Option(
            "--list",
            help="起案した一覧（review list --export）。その一覧のものだけを確認する / the list that was made.",
        ),
    ] = None,
    evidence: Paper = None,
    as_json: common.AsJson = False,
) -> None:
    """承認済みの一覧を確認（決裁）する / confirm accepted flags: exactly those of a list, or all of a fiscal year.

    例 / example: facility-emissions review confirm --list 起案.xlsx --by P101 --document 環第12号 --on 2026-06-15
    """
    from pipelines.review import counter
    from pipelines.texts import both

    if (listed is None) == (fiscal_year is None):
        common.refuse(both("list_or_year", at="--list"))
    if listed is not None and evidence is not None:
        common.refuse(both("list_is_the_evidence", at="--evidence"))
    day = common.day(on, "--on")

    def step(city: CityFolder) -> list[Any]:
        if listed is not None:
            return _confirm_list(city, listed, by, day, document)
        assert fiscal_year is not None  # noqa: S101 - asked above
        return counter.confirm(city, by, day, document, fiscal_year, _evidence(city, evidence, "", None))

    _review(step, as_json=as_json)


def _confirm_list(city: CityFolder, file: Path, by: str, day: date, document: str) -> list[Any]:
    from pipelines.history import confirm_lists
    from pipelines.review import counter
    from pipelines.texts import both

    paper = _evidence(city, file, "", None)
    made = confirm_lists.find(city.history, paper.sha256 or "")
    if made is None:
        common.fail(both("not_a_list", at=file))
    return counter.confirm_list(city, by, day, document, made.flags, paper)


def _export(state: str | None, fiscal_year: int | None, path: Path, by: str | None, *, as_json: bool) -> None:
    from pipelines.reports import confirm_list
    from pipelines.review.states import ACCEPTED
    from pipelines.texts import both

    if state != ACCEPTED or fiscal_year is None:
        common.refuse(both("export_of_accepted", at="--export"))
    made = common.review_step(lambda city: confirm_list.export(city, fiscal_year, path, by))
    if as_json:
        common.print_json(asdict(made))
        return
    out = common.terminal()
    out.line(out.say("list_exported", count=len(made.flags), path=path))


@app.command("accept-minor")
def review_accept_minor(
    by: Annotated[str, typer.Option("--by", help="企画推進者のID / person id of the 企画推進者.")],
    on: Annotated[str, typer.Option("--on", help="決裁日 / date.")],
    document: Annotated[str, typer.Option("--document", help="文書番号 / document number.")],
    fiscal_year: common.FiscalYear,
    evidence: Paper = None,
    as_json: common.AsJson = False,
) -> None:
    """少額なので尋ねなかった要確認事項を、一つの一覧として承認する / accept as one list what was too small to ask.

    判定の上限・下限はそのままです / the bounds in the verdicts stay as they are.
    """
    from pipelines.errors import ActionableError
    from pipelines.review import counter
    from pipelines.rounding import rule_of

    day = common.day(on, "--on")
    try:
        city = common.city_folder()
        taken, tonnes = counter.accept_minor(city, by, day, document, fiscal_year, _evidence(city, evidence, "", None))
    except ActionableError as error:
        common.fail(str(error))
    if as_json:
        common.print_json({"decisions": [asdict(each) for each in taken], "co2e_t": tonnes})
        return
    out = common.terminal()
    told = {
        "year": fiscal_year,
        "count": len(taken),
        "t": rule_of("emissions").text(tonnes * 1000),
        "document": document,
    }
    out.line(out.say("minor_accepted" if taken else "minor_none", **told))


def _chosen(city: CityFolder, flags: list[str] | None, all_of: str, step: str) -> list[str]:
    """Return the flags that were named, or all that wait for a person at a step; ends the command where neither or both are said."""
    from pipelines.review import counter
    from pipelines.texts import both

    if bool(flags) == bool(all_of):
        common.refuse(both("flags_or_all_of", at="--all-of"))
    return flags or counter.all_of(city, all_of, step)


def _judge(
    step: str,
    by: str,
    text: str,
    flags: list[str] | None,
    all_of: str,
    paper: tuple[Path | None, str, str | None],
    *,
    as_json: bool,
) -> None:
    from pipelines.review import counter

    def judge(city: CityFolder) -> list[Any]:
        return counter.judge_all(city, _chosen(city, flags, all_of, step), step, by, text, _evidence(city, *paper))

    _review(judge, as_json=as_json)


def _evidence(city: CityFolder, file: Path | None, document: str, on: str | None) -> Evidence:
    from pipelines.review import evidence

    return evidence.stated(file, document, None if on is None else common.day(on, "--on"), city.today)


def _review(step: Any, *, as_json: bool) -> None:  # noqa: ANN401 - a step of the review
    from pipelines.texts import word

    taken = common.review_step(step)
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
            "recorded_by": decision.recorded_by,
        }
        out.line(out.say("review_recorded_only" if decision.recorded_only else "review_done", **told))
    if not taken:
        out.line(out.say("review_none"))
