"""Every command says what it does and what it takes, and is in the README, where no other is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from service.cli import app

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## The command line\n")[2].partition("\n## ")[0]
LINES = re.findall(r"^similar-news ([^#\n]+?)(?: +# (.+))?$", SECTION, re.MULTILINE)
NAME = re.compile(r"[a-z]+(?: [a-z]+)*")
"""What a line begins with, before arguments, which are in capitals, and options."""


def commands(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, TyperCommand]]:
    """All commands by how they are called, those of groups, too."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*path, name))
        else:
            assert isinstance(command, TyperCommand)
            yield " ".join((*path, name)), command


def root() -> TyperGroup:
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    return command


COMMANDS = dict(commands(root()))
OPTIONS = [(name, one) for name, command in COMMANDS.items() for one in command.params if isinstance(one, TyperOption)]


def called(line: str) -> str:
    """The command that is called on a line of the README."""
    name = NAME.match(line)
    assert name, line
    return name[0] if name[0] in COMMANDS else name[0].split()[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_is_in_the_readme(name: str) -> None:
    assert COMMANDS[name].help
    assert name in {called(line) for line, _ in LINES}


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=lambda one: getattr(one, "name", one))
def test_every_option_says_what_it_does_and_is_in_the_readme(name: str, option: TyperOption) -> None:
    assert option.help
    assert not option.hidden
    assert any(re.search(rf"{spelling}\b", SECTION) for spelling in option.opts)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_is_in_the_readme(name: str) -> None:
    arguments = [one for one in COMMANDS[name].params if isinstance(one, TyperArgument)]
    told = [line.removeprefix(name).split() for line, _ in LINES if called(line) == name]
    assert max(map(len, told)) >= len(arguments)


def test_the_readme_has_no_other_commands_or_options() -> None:
    for line, comment in LINES:
        known = COMMANDS[called(line)]  # or it is none
        options = {spelling for one in known.params for spelling in one.opts}
        assert set(re.findall(r"--[a-z-]+", f"{line} {comment}")) <= options, line


def test_groups_say_what_they_are_for() -> None:
    groups = [root(), *(one for one in root().commands.values() if isinstance(one, TyperGroup))]
    assert len(groups) == 4
    assert all(group.help for group in groups)
