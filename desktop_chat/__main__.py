"""``desktop-chat``: the window, or one of the terminal's commands; each imported when wanted."""

import os
import sys
from collections.abc import Sequence

from desktop_chat import __version__
from desktop_chat.core.identity import COMMAND


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status.

    Args:
        argv: the arguments in place of the process's own.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        sys.stdout.write(f"{COMMAND} {__version__}\n")
        return 0
    from desktop_chat import cli

    cli.prepare()
    args = cli.build_parser().parse_args(arguments)
    if args.command is not None:
        return cli.run(args, os.environ)
    from desktop_chat import app

    return app.main(demo=args.demo, screenshot=args.screenshot)


if __name__ == "__main__":
    sys.exit(main())
