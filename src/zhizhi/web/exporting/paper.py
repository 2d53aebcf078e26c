"""Pages of our own as PDF; whatever is not handed over with them is not fetched from anywhere."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib import request
from urllib.error import URLError
from urllib.response import addinfourl

SCHEME = "zhizhi"
STYLE = Path(__file__).with_name("paper.css")
_DOTS_PER_INCH = 150  # of photos: sharp on paper, a tenth of what a telephone takes
_QUALITY = 80


class PaperMissing(RuntimeError):
    """The libraries that write PDF cannot be loaded; the message says which."""


class OwnPictures(request.BaseHandler):
    """Gives a page the pictures that were handed over with it, and nothing else."""

    def __init__(self, pictures: Mapping[str, bytes]) -> None:
        self._pictures = pictures

    def zhizhi_open(self, asked: request.Request) -> addinfourl:
        """Answer for ``zhizhi:NAME``."""
        name = asked.full_url.partition(":")[2]
        if name not in self._pictures:
            message = f"no picture {name}"
            raise URLError(message)
        content = self._pictures[name]
        headers = Message()
        is_drawn = content.lstrip()[:1] == b"<"
        headers["Content-Type"] = "image/svg+xml" if is_drawn else "image/jpeg"
        return addinfourl(BytesIO(content), headers, asked.full_url, 200)


def load() -> Any:
    """Return the PDF writer; raises PaperMissing when it or Pango is not on this machine."""
    try:
        with contextlib.redirect_stdout(sys.stderr):  # it prints advice, also into what is JSON
            return importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise PaperMissing(str(error)) from error


def has_chinese_font() -> bool:
    """Say whether this machine has a font for Chinese; yes where nobody can tell."""
    lister = shutil.which("fc-list")
    if lister is None:
        return True
    asked = [lister, ":lang=zh-cn", "family"]
    listed = subprocess.run(asked, capture_output=True, check=False, timeout=30)  # noqa: S603 - fixed
    return listed.returncode != 0 or bool(listed.stdout.strip())


def pdf(html: str, pictures: Mapping[str, bytes]) -> bytes:
    """Return ``html`` with our style for paper as a tagged PDF; raises PaperMissing.

    A picture is named ``zhizhi:NAME`` in the page. Every other address is refused, also one that
    somebody smuggled into a text. One at a time in a process: Pango shares its font map. Call it
    through ``press``.
    """
    writer = load()
    urls = importlib.import_module("weasyprint.urls")
    fetcher = urls.URLFetcher(allowed_protocols={SCHEME}, allow_redirects=False)
    fetcher.add_handler(OwnPictures(pictures))
    style = writer.CSS(string=STYLE.read_text(encoding="utf-8"), url_fetcher=fetcher)
    page = writer.HTML(string=html, base_url=f"{SCHEME}:", url_fetcher=fetcher)
    content: bytes = page.write_pdf(
        stylesheets=[style],
        pdf_tags=True,
        optimize_images=True,
        jpeg_quality=_QUALITY,
        dpi=_DOTS_PER_INCH,
    )
    return content
