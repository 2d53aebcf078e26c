"""The planted flaws of the canary build, and which rules of which tools mean each of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from tests.scanning.findings import Finding

VIEWS = Path(__file__).parent / "canary" / "views.py"
PLACE = "tests/scanning/canary/views.py"
FLAWS = {
    "sql-injection": r"semgrep .*sql.*|bandit B608|sqlmap .*|wapiti SQL .*|schemathesis ST101.*",
    "stored-xss": r"semgrep marked-safe|bandit B703|wapiti (Stored|Reflected) .*",
    "reflected-xss": r"semgrep markup-of-request|wapiti Reflected.*",
    "idor-read": r"semgrep unscoped",
    "idor-write": r"semgrep unscoped",
    "mass-assignment": r"semgrep mass-assignment",
    "missing-csrf": r"semgrep csrf-exempt|wapiti Cross Site Request Forgery",
    "open-redirect": r"semgrep open-redirect|wapiti Open Redirect",
    "path-traversal": r"semgrep path-of-request|wapiti Path Traversal|schemathesis ST101.*",
    "ssrf": r"semgrep address-of-request",
    "formula-injection": r"semgrep formula",
    "pixel-bomb": r"semgrep picture-without-a-cap",
    "weak-lockout": r"semgrep uncounted-password",
    "log-injection": r"semgrep (words-of-request|put-together)",
    "missing-csp": r"semgrep weak-policy|wapiti Content Security Policy.*",
    "personal-log": r"semgrep personal-data",
}
# What no scanner has to find: tests/scanning/test_canary.py shows that our own tests do.
OUR_TESTS = {
    "idor-read": "the matrix (tests/test_authorisation.py)",
    "idor-write": "the matrix (tests/test_authorisation.py)",
    "missing-csrf": "forged forms (tests/test_authorisation.py)",
    "missing-csp": "tests/test_headers.py",
}


def spans() -> dict[str, tuple[int, int]]:
    """Return the first and last line of the view of each flaw, its decorators included."""
    tree = ast.parse(VIEWS.read_text(encoding="utf-8"))
    views = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {
        node.name.replace("_", "-"): (
            min([node.lineno, *(one.lineno for one in node.decorator_list)]),
            node.end_lineno or node.lineno,
        )
        for node in views
    }


def is_at(found: Finding, flaw: str, lines: tuple[int, int]) -> bool:
    """Say whether a finding lies in the view of a flaw or at its address."""
    if found.file:
        return found.file == PLACE and lines[0] <= found.line <= lines[1]
    return re.search(rf"/canary/{flaw}(/|\?|$)", found.where) is not None


def found_by(found: Iterable[Finding]) -> dict[str, list[str]]:
    """Return for each flaw the tools that found it for what it is."""
    all_of_them, places = list(found), spans()
    return {
        flaw: sorted(
            {
                one.tool
                for one in all_of_them
                if is_at(one, flaw, places[flaw])
                and re.fullmatch(meaning, f"{one.tool} {one.rule}")
            }
        )
        for flaw, meaning in FLAWS.items()
    }
