"""The house rules that a machine can check (CONTRIBUTING.md lists them)."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from zhizhi.engine.system import SystemConfig, systems

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "zhizhi"
FORBIDDEN = {
    "utils", "helpers", "common", "misc", "services", "managers", "signals", "constants", "base",
}  # fmt: skip
MODULES = sorted(
    path
    for folder in (PACKAGE, ROOT / "bench", ROOT / "scripts", ROOT / "tests")
    for path in folder.rglob("*.py")
    if "migrations" not in path.parts
)
PRODUCT_MODULES = [
    path for path in MODULES if PACKAGE in path.parents and "tests" not in path.parts
]
PAGES = re.compile(r"(^|/)(views|forms|api|urls)(/|\.py$)|^web/")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_and_no_function_is_too_long(path: Path) -> None:
    most = 600 if "tests" in path.parts else 400  # the tests of one module stay in one module
    lines = path.read_text(encoding="utf-8").count("\n")
    long = [f"{f.name} ({f.end_lineno - f.lineno + 1})" for f in functions(path)
            if f.end_lineno and f.end_lineno - f.lineno + 1 > 50]  # fmt: skip

    assert lines <= most
    assert long == []


def test_no_script_of_a_page_is_too_long() -> None:
    folders = (PACKAGE.rglob("assets/js/**/*.js"), PACKAGE.glob("systems/*/static/**/*.js"))
    scripts = [path for found in folders for path in found]
    lines = {path.name: path.read_text(encoding="utf-8").count("\n") for path in scripts}

    assert scripts
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = {str(path.relative_to(ROOT)) for path in MODULES if path.stem in FORBIDDEN}
    folders = {
        str(p.relative_to(ROOT)) for p in PACKAGE.rglob("*") if p.is_dir() and p.name in FORBIDDEN
    }

    assert named | folders == set()


def test_pages_reach_scoped_tables_only_through_somebodys_scope() -> None:
    unscoped = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in PRODUCT_MODULES
        if PAGES.search(path.relative_to(PACKAGE).as_posix())
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ".everything" in line
    ]

    assert unscoped == []


def test_only_config_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(PACKAGE))
        for path in PRODUCT_MODULES
        if re.search(r"os\.environ|os\.getenv", path.read_text(encoding="utf-8"))
        and path.relative_to(PACKAGE).parts[0] != "config"
    ]

    assert readers == []


@pytest.mark.parametrize("system", systems(), ids=lambda s: s.label)
def test_the_manifest_of_a_system_is_complete(system: SystemConfig) -> None:
    folder = Path(system.path)

    assert system.summary
    assert system.reads
    assert system.case_kinds
    assert system.personal_data in {"none", "pseudonymous", "contact", "sensitive"}
    assert (folder / "README.md").read_text(encoding="utf-8").strip()
    assert (folder / "tests" / "test_story.py").is_file()


@pytest.mark.django_db
@pytest.mark.parametrize("system", systems(), ids=lambda s: s.label)
def test_detectors_and_settings_carry_the_name_of_their_system(system: SystemConfig) -> None:
    names = [d.code for d in system.detectors()] + [s.key for s in system.settings]

    assert names
    assert [name for name in names if not name.startswith(f"{system.label}.")] == []


def test_systems_are_the_folders_of_the_systems_room() -> None:
    folders = {p.name for p in (PACKAGE / "systems").iterdir() if (p / "apps.py").is_file()}

    assert {system.label for system in systems()} == folders


def test_lock_files_carry_no_download_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    python = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "requirements").glob("*.lock"))

    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
    assert "://" not in python


def test_the_repository_speaks_of_the_product_alone() -> None:
    leaks = re.compile(
        r"(^|[^A-Za-z0-9_.])/(work|farm)/|pypi\.org/simple|registry\.npm" r"js|deb\.debian\.org"
    )
    found = []
    for name in tracked_files():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if name != "tests/test_house.py" and leaks.search(text):
            found.append(name)

    assert found == []


def test_no_third_party_script_is_in_the_repository() -> None:
    bundled = [name for name in tracked_files() if name.endswith((".min.js", ".min.css"))]

    assert bundled == []


def test_identity_numbers_in_the_repository_have_an_unassigned_region() -> None:
    identity = re.compile(
        r"(?<![0-9A-Za-z])[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
    )
    found = []
    for name in tracked_files():
        if name.endswith((".lock", "package-lock.json", ".geojson")):
            continue
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {hit.group()}" for hit in identity.finditer(text)]

    assert found == []
