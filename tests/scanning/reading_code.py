"""The tools that read code: bandit, semgrep with our own rules, and pip-audit for the locks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.scanning.findings import FAILED, NOT_CHECKED, Finding
from tests.scanning.tools import ROOT, Said, say

RULES = Path(__file__).parent / "rules"
LOCK = ROOT / "requirements" / "product.lock"
WITHIN_S = 600.0
_SEVERITY = {"ERROR": "high", "WARNING": "medium", "INFO": "low"}


def bandit(folder: str) -> tuple[list[Finding], str]:
    """Return what bandit found in a folder, and how its run went."""
    told = say(
        "bandit", "-r", folder, "-x", "*/zhizhi/*/tests/*", "-f", "json", "-q", within_s=WITHIN_S,
    )  # fmt: skip
    document = json.loads(told.out)
    found = [
        Finding("bandit", one["test_id"], one["issue_severity"].lower(), _place(one["filename"],
                one["line_number"]), _line(one["filename"], one["line_number"]))
        for one in document["results"]
    ]  # fmt: skip
    return found, _went(told, document["errors"], f"{document['metrics']['_totals']['loc']} lines")


def semgrep(folder: str) -> tuple[list[Finding], str]:
    """Return what our own rules found in a folder, and how the run went."""
    # Its own list of what to pass over names "tests", where the canary build lies.
    passed = ["tests", "migrations"] if folder.startswith("src") else []
    told = say(
        "semgrep", "scan", "--x-ignore-semgrepignore-files", "--metrics", "off",
        "--disable-version-check", "--config", str(RULES),
        "--json", "--quiet", "--no-git-ignore",
        *(word for name in passed for word in ("--exclude", name)), folder,
        within_s=WITHIN_S,
    )  # fmt: skip
    document = json.loads(told.out)
    found = [
        Finding("semgrep", one["check_id"].rpartition(".")[2],
                _SEVERITY[one["extra"]["severity"]], _place(one["path"], one["start"]["line"]),
                _line(one["path"], one["start"]["line"]))
        for one in document["results"]
    ]  # fmt: skip
    files = len(document["paths"]["scanned"])
    return found, _went(told, document["errors"], f"{files} files" if files else FAILED)


def pip_audit() -> tuple[list[Finding], str]:
    """Return known holes of what we depend on; where nothing could be asked, that it was not.

    Without the network it skips packages and still says that it found nothing.
    """
    told = say(
        "pip-audit", "-r", str(LOCK), "--disable-pip", "--require-hashes", "-f", "json",
        within_s=120,
    )  # fmt: skip
    try:
        packages = json.loads(told.out)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return [], f"{NOT_CHECKED}: nothing could be asked"
    skipped = sum("skip_reason" in one for one in packages)
    if skipped or not packages:
        return [], f"{NOT_CHECKED}: {skipped} of {len(packages)} packages were skipped"
    return list(_holes(packages)), f"{len(packages)} packages"


def _holes(packages: list[dict[str, Any]]) -> Iterator[Finding]:
    for one in packages:
        for hole in one["vulns"]:
            place = f"{one['name']}=={one['version']}"
            yield Finding("pip-audit", hole["id"], "high", place, hole.get("description", "")[:200])


def _went(told: Said, errors: list[Any], size: str) -> str:
    if told.is_cut:
        return f"{FAILED}: cut off"
    return f"{size}, {len(errors)} unreadable" if errors else size


def _place(name: str, line: int) -> str:
    path = Path(name)
    inside = path.relative_to(ROOT) if path.is_absolute() else path
    return f"{inside.as_posix().removeprefix('./')}:{line}"


def _line(name: str, line: int) -> str:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()[line - 1].strip()
