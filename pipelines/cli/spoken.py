"""Help and its errors in one language.

The texts of commands and options stand beside them in both (``日本語 / English``), and the reader's is shown. What the library
says of its own is English: the patterns of section ``usage`` of the catalogue say it in Japanese.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from pipelines.settings import city_file
from pipelines.texts import section

EXAMPLE = re.compile(r"^例 / example:\s*")
BETWEEN = re.compile(r"(?:\s|(?<=[）。]))/\s")


class Spoken(TyperGroup):
    """The group of all commands: before it reads its words, it chooses the language of every help text."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's context
        """Choose the language, then read the words."""
        SpokenHelp.language = language_of(args)
        type(ctx).formatter_class = SpokenHelp
        told_in(self, SpokenHelp.language)
        return list(super().parse_args(ctx, args))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Run the command; words that cannot be read are told in the reader's language, with exit code 2."""
        rest: dict[str, Any] = {"windows_expand_args": windows_expand_args, **extra}
        try:
            ended = super().main(args, prog_name, complete_var, standalone_mode=False, **rest)
        except TyperException as error:
            if not standalone_mode:
                raise
            _tell(error)
            sys.exit(error.exit_code)
        except typer.Abort:
            if not standalone_mode:
                raise
            sys.exit(1)
        if standalone_mode:
            sys.exit(ended if isinstance(ended, int) else 0)
        return ended


LibrarysHelp: Any = typer.Context.formatter_class  # click's HelpFormatter, which typer keeps to itself


class SpokenHelp(LibrarysHelp):  # type: ignore[misc]
    """Writes help with the library's own words in the reader's language."""

    language: ClassVar[str] = "ja"

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        super().write_usage(prog, said(args, self.language), said(prefix or "Usage: ", self.language))

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(said(heading, self.language))

    def write_dl(self, rows: Sequence[tuple[str, str]], *widths: int) -> None:
        """Write options, arguments or commands with what each means."""
        super().write_dl([(said(a, self.language), said(b, self.language)) for a, b in rows], *widths)


def said(text: str, language: str) -> str:
    """Return what the library says in a language: its English as it is, else by the first pattern that fits each part."""
    if language == "ja":
        for pattern, ja in section("usage")["patterns"]:
            text = re.sub(pattern, ja, text)
    return text


def _tell(error: TyperException) -> None:
    """Write what cannot be read of the words, below how the command is called."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(message, err=True)
        return
    if context is not None:
        asked = f"Try '{context.command_path} {context.help_option_names[0]}' for help."
        typer.echo(f"{context.get_usage()}\n{said(asked, SpokenHelp.language)}\n", err=True)
    typer.echo(said(f"Error: {message}", SpokenHelp.language), err=True)


def language_of(args: Sequence[str]) -> str:
    """Return the language that the words of a command line ask for, else that of the city they name."""
    asked = _after(args, "--lang")
    return asked if asked in ("ja", "en") else city_file.language(Path(_after(args, "--city") or "sample_data"))


def told_in(command: Any, language: str) -> None:  # noqa: ANN401 - a command of click
    """Leave of the help texts of a command, its options and its sub-commands those in one language."""
    for each in (command, *command.params):
        if getattr(each, "help", None):
            each.told_in_both = getattr(each, "told_in_both", each.help)
            each.help = part(each.told_in_both, language)
    for each in getattr(command, "commands", {}).values():
        told_in(each, language)


def part(text: str | None, language: str) -> str | None:
    """Return what of a help text is in a language; a paragraph that is not in both is for all."""
    if text is None:
        return None
    return "\n\n".join(_paragraph(paragraph, language) for paragraph in text.split("\n\n"))


def _paragraph(paragraph: str, language: str) -> str:
    if EXAMPLE.match(paragraph):
        return EXAMPLE.sub("例: " if language == "ja" else "Example: ", paragraph)
    said = BETWEEN.split(" ".join(paragraph.split("\n")), maxsplit=1)
    if len(said) == 1:
        return paragraph
    ja, en = said
    option = re.match(r"--[a-z-]+: ", ja)
    return ja if language == "ja" else f"{option[0] if option and not en.startswith('--') else ''}{en}"


def _after(args: Sequence[str], option: str) -> str:
    """The value of an option among words that nobody has read yet."""
    for number, word in enumerate(args):
        if word == option:
            return args[number + 1] if number + 1 < len(args) else ""
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return ""
