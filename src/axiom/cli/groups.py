"""Groups of commands that suggest the nearest name for one that they do not have."""

import difflib

import click


class Group(click.Group):
    """A group in which a mistyped command is answered in one sentence."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]}?" if near else f" `{ctx.command_path} --help` lists them."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint} Nothing was started.", ctx)
        return super().resolve_command(ctx, args)
