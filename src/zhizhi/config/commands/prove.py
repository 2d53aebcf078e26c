"""Prove what is in the audit log, to somebody who kept one of its published roots."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from zhizhi.config.boot import boot

if TYPE_CHECKING:
    from zhizhi.trust.models import TreeRoot

HELP = "prove that an entry is in the audit log, or that the log only grew"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("entry", nargs="?", type=int, help="number of the entry to prove")
    parser.add_argument(
        "--at", type=int, metavar="SIZE", help="under the root of this size; without it the newest"
    )
    parser.add_argument(
        "--since", type=int, metavar="SIZE", help="prove that the log only grew since this root"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the proof as JSON for ``verify_audit.py``; 2 when there is none."""
    boot()
    try:
        print(json.dumps(_proof(arguments), indent=1))
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _proof(arguments: argparse.Namespace) -> dict[str, Any]:
    from zhizhi.kernel.merkle import NotInTree  # noqa: PLC0415 - models load after boot()
    from zhizhi.trust import tree  # noqa: PLC0415 - models load after boot()

    if (arguments.entry is None) == (arguments.since is None):
        message = "Say either which entry, or since which root: zhizhi prove 41 | --since 12"
        raise LookupError(message)
    root = _root(arguments.at)
    try:
        if arguments.since is not None:
            return tree.consistency(_root(arguments.since), root)
        return tree.inclusion(arguments.entry, root)
    except NotInTree as error:
        message = f"{error}: the worker takes new entries in once a minute"
        raise LookupError(message) from error


def _root(size: int | None) -> TreeRoot:
    from zhizhi.trust import tree  # noqa: PLC0415 - models load after boot()
    from zhizhi.trust.models import TreeRoot  # noqa: PLC0415 - models load after boot()

    found = tree.newest() if size is None else TreeRoot.objects.filter(size=size).first()
    if found is None:
        which = "No root" if size is None else f"No root of size {size}"
        message = f"{which} has been published; see {tree.published_in()}"
        raise LookupError(message)
    return found
