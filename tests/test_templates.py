"""A page is put together as its frame means it: no block of the frame is filled by accident."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "zhizhi"
BLOCK = re.compile(r"{%\s*block\s+(\w+)\s*%}")
OF_THE_FRAME = BLOCK.findall(
    (PACKAGE / "web" / "templates" / "web" / "shell.html").read_text(encoding="utf-8")
)


def test_the_frame_has_blocks_each_of_them_once() -> None:
    assert len(OF_THE_FRAME) > 3
    assert len(OF_THE_FRAME) == len(set(OF_THE_FRAME))


def test_a_frame_inside_the_frame_opens_no_block_that_the_frame_fills_otherwise() -> None:
    """A block inside ``content`` with a name of the shell's own would be shown twice."""
    clashes = {
        (path.name, name)
        for path in PACKAGE.rglob("templates/**/*.html")
        if path.name != "shell.html"
        for body in re.findall(
            r"{%\s*block\s+content\s*%}(.*)", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        for name in BLOCK.findall(body)
        if name in OF_THE_FRAME and name not in {"scripts", "head"}
    }

    assert clashes == set()
