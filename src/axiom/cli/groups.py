"""Groups of commands that show what they have, and suggest the nearest name for what they do not have."""

import difflib
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from axiom_weigh.terminal import print_text

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_NEAR = 0.75  # two letters of four that changed places; what is farther off leads astray


Maker = Callable[[str], click.Command]  # of a command, once somebody asks for it by its name


class Group(click.Group):
    """A group whose bare name is a question for its help; a mistyped command is answered in one sentence."""

    def __init__(self, *args: Any, changes: Mapping[str, Maker] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._changes = dict(changes or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self._changes])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        make = self._changes.get(cmd_name)
        return make(cmd_name) if make else super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Whoever gives no words wants to read which there are, and that is no mistake."""
        if not args and not ctx.resilient_parsing:
            print_text(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(
                f"There is no command {args[0]!r}. {self._meant(ctx, args[0])} Nothing was started.", ctx
            )
        return super().resolve_command(ctx, args)

    def _meant(self, ctx: click.Context, word: str) -> str:
        """The nearest name; none rather than one that is far."""
        if any(f"--{word}" in option.opts for option in self.get_params(ctx)):
            return f"Did you mean `{ctx.command_path} --{word}`?"
        names = self.list_commands(ctx)
        near = [name for name in names if sorted(name) == sorted(word)]  # of three letters, two that changed places
        near += difflib.get_close_matches(word, names, n=1, cutoff=_NEAR)
        return f"Did you mean {near[0]}?" if near else f"`{ctx.command_path} --help` lists them."


class LazyGroup(Group):
    """A group that knows its commands' names and first lines, and imports one only when it is called."""

    def __init__(
        self,
        *args: Any,
        table: Mapping[str, tuple[str, str]] | None = None,
        unlisted: frozenset[str] = frozenset(),
        together: Mapping[tuple[str, ...], str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.table = dict(table or {})
        self._unlisted = unlisted
        self._together = dict(together or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        return [*self.table, *sorted(self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module now that somebody wants it."""
        if cmd_name not in self.table:
            return super().get_command(ctx, cmd_name)
        module, _ = self.table[cmd_name]
        members = vars(importlib.import_module(f"axiom.cli.{module}"))
        make: Maker | None = members.get("CHANGES", {}).get(cmd_name)
        if make is not None:
            return make(cmd_name)
        return next(
            (member for member in members.values() if isinstance(member, click.Command) and member.name == cmd_name),
            None,
        )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Names and first lines without importing anything: somebody has pressed a key and looks at the screen."""
        from click.shell_completion import CompletionItem

        listed = {name: about for name, (_, about) in self.table.items() if incomplete or name not in self._unlisted}
        listed |= {name: command.get_short_help_str() for name, command in self.commands.items()}
        named = [CompletionItem(name, help=about) for name, about in listed.items() if name.startswith(incomplete)]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the first lines without importing anything."""
        hidden = self._unlisted.union(*self._together)
        rows = [(", ".join(names), about) for names, about in self._together.items()]
        rows += [(name, about) for name, (_, about) in self.table.items() if name not in hidden]
        rows.sort(key=lambda row: list(self.table).index(row[0].split(",")[0]))
        rows += [(name, self.commands[name].get_short_help_str(80)) for name in sorted(self.commands)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
