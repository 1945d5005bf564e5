"""Help in one language: the texts of commands and options stand beside them in both (``日本語 / English``), and the reader's is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from pipelines.settings import city_file

EXAMPLE = re.compile(r"^例 / example:\s*")
BETWEEN = re.compile(r"(?:\s|(?<=[）。]))/\s")


class Spoken(TyperGroup):
    """The group of all commands: before it reads its words, it chooses the language of every help text."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's context
        """Choose the language, then read the words."""
        told_in(self, language_of(args))
        return list(super().parse_args(ctx, args))


def language_of(args: Sequence[str]) -> str:
    """Return the language that the words of a command line ask for, else that of the city they name."""
    asked = _after(args, "--lang")
    return asked if asked in ("ja", "en") else city_file.language(Path(_after(args, "--city") or "sample_data"))


def told_in(command: Any, language: str) -> None:  # noqa: ANN401 - a command of click
    """Leave of the help texts of a command, its options and its sub-commands those in one language."""
    command.help = part(command.help, language)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = part(parameter.help, language)
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
