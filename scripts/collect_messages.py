"""Bring the catalogue in line with the sources: ``collect_messages.py src/zhizhi``.

Adds what is new without a translation, drops what is gone, and prints what is still to translate.
Done by polib and Python's own parser so that no machine needs GNU gettext.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib

CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
IN_CONTEXT = {"pgettext", "pgettext_lazy"}
TRANSLATE = re.compile(
    r"""{%\s*translate\s+(?:"([^"]+)"|'([^']+)')(?:\s+context\s+"([^"]+)")?"""
    r"""|_\((?:"([^"]+)"|'([^']+)')\)"""
)
BLOCK = re.compile(r"{%\s*blocktranslate\b([^%]*)%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
PLURAL = re.compile(r"{%\s*plural\s*%}")
VARIABLE = re.compile(r"{{\s*(\w+)[^}]*}}")


class Wording(NamedTuple):
    """One message as gettext knows it."""

    context: str | None
    singular: str
    plural: str | None = None


def used(package: Path) -> set[Wording]:
    """Return every message that templates and modules below ``package`` ask for."""
    found: set[Wording] = set()
    for path in package.rglob("*.html"):
        found.update(_in_template(path.read_text(encoding="utf-8")))
    for path in package.rglob("*.py"):
        if "tests" not in path.parts:
            found.update(_in_module(path.read_text(encoding="utf-8")))
    return found


def _in_template(text: str) -> Iterator[Wording]:
    for double, single, context, value, quoted in TRANSLATE.findall(text):
        yield Wording(context or None, double or single or value or quoted)
    for options, body in BLOCK.findall(text):
        forms = [VARIABLE.sub(r"%(\1)s", form) for form in PLURAL.split(body)]
        if "trimmed" in options:
            forms = [" ".join(line.strip() for line in form.strip().splitlines()) for form in forms]
        yield Wording(None, forms[0], forms[1] if forms[1:] else None)


def _in_module(source: str) -> Iterator[Wording]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        texts = [str(a.value) for a in node.args if isinstance(a, ast.Constant) and a.value]
        if name in CALLS and texts:
            has_plural = name.startswith("n") and len(texts) > 1
            yield Wording(None, texts[0], texts[1] if has_plural else None)
        elif name in IN_CONTEXT and len(texts) > 1:
            yield Wording(texts[0], texts[1])


def told(catalogue: polib.POFile) -> set[Wording]:
    """Return every message that ``catalogue`` holds."""
    return {Wording(entry.msgctxt, entry.msgid, entry.msgid_plural or None) for entry in catalogue}


def main(folder: str) -> int:
    """Mend the catalogues below ``folder``; return how many messages wait for a translation."""
    wanted, waiting = used(Path(folder)), 0
    for path in sorted(Path(folder).rglob("*.po")):
        catalogue = polib.pofile(str(path))
        known = told(catalogue)
        for entry in list(catalogue):
            if Wording(entry.msgctxt, entry.msgid, entry.msgid_plural or None) not in wanted:
                catalogue.remove(entry)
        catalogue.extend(_entry(new) for new in sorted(wanted - known, key=str))
        catalogue.save()
        for entry in catalogue.untranslated_entries():
            print(f"{path.name}: {entry.msgid}")
            waiting += 1
    return waiting


def _entry(new: Wording) -> polib.POEntry:
    forms = {"msgid_plural": new.plural, "msgstr_plural": {0: ""}} if new.plural else {}
    return polib.POEntry(msgid=new.singular, msgctxt=new.context, msgstr="", **forms)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1]), 1))
