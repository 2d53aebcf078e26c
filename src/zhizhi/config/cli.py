"""``zhizhi``: the command line. Each command is one module in ``config/commands``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

COMMANDS = (
    "demo",
    "web",
    "worker",
    "listen",
    "source",
    "account",
    "gateway",
    "replay",
    "verify_log",
    "prove",
    "import_areas",
    "import_categories",
    "export",
    "impact_record",
    "doctor",
    "backup",
    "restore",
    "rotate_keys",
    "evaluate",
    "vision",
    "rules",
    "backtest",
    "simulate",
    "bench",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhizhi.config.settings")
    parser = argparse.ArgumentParser(prog="zhizhi", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = [word for word in (argv if argv is not None else sys.argv[1:]) if word[:1] != "-"][:1]
    for name in COMMANDS:
        word = name.replace("_", "-")
        if wanted and wanted[0] in {n.replace("_", "-") for n in COMMANDS} and wanted[0] != word:
            commands.add_parser(word)
            continue
        module = importlib.import_module(f"zhizhi.config.commands.{name}")
        command = commands.add_parser(word, help=module.HELP, description=module.__doc__)
        module.arguments(command)
        command.set_defaults(run=module.run)
    arguments = parser.parse_args(argv)
    return int(arguments.run(arguments) or 0)


if __name__ == "__main__":
    sys.exit(main())
