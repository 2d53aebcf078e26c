"""The documents tell the truth: what exists is named in them."""

from __future__ import annotations

import argparse
import importlib
import inspect
import itertools
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps

from zhizhi.config.cli import COMMANDS
from zhizhi.engine.system import systems

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "zhizhi"
ROOMS = ("kernel", "trust", "directory", "engine", "sources", "channels", "web", "systems")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def classes_of_the_product() -> set[str]:
    """Return the public classes that a reader of the glossary may look up."""
    found = set()
    for room in ROOMS:
        for path in (PACKAGE / room).rglob("*.py"):
            if {"tests", "migrations"} & set(path.parts):
                continue
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r"^class ([A-Z]\w*)", text, flags=re.MULTILINE))
    return {name for name in found if not name.endswith(("Config", "Form", "Detectors"))}


def test_every_class_is_in_the_glossary_with_its_chinese_term() -> None:
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \|", read("docs/glossary.md"), flags=re.MULTILINE)
    chinese = {name for name, term in rows if re.search(r"[一-鿿]", term)}

    assert classes_of_the_product() - chinese == set()


def test_the_glossary_names_no_class_that_is_gone() -> None:
    rows = re.findall(r"^\| ([A-Z]\w+) \|", read("docs/glossary.md"), flags=re.MULTILINE)

    assert set(rows) - classes_of_the_product() - {"Class"} == set()


def test_every_environment_variable_is_documented() -> None:
    used = set()
    for path in (PACKAGE / "config").rglob("*.py"):
        used |= set(re.findall(r"\"(ZHIZHI_[A-Z_]+)\"", path.read_text(encoding="utf-8")))
    documented = set(re.findall(r"`(ZHIZHI_[A-Z_]+)`", read("docs/operations.md")))

    assert used - documented == set()
    assert documented - used == set()


def test_every_command_can_be_called() -> None:
    modules = {path.stem for path in (PACKAGE / "config" / "commands").glob("[a-z]*.py")}

    assert modules == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    module = importlib.import_module(f"zhizhi.config.commands.{name}")
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    options = {text for action in parser._actions for text in action.option_strings}
    long = {option for option in options if option.startswith("--")} - {"--help"}
    operations = read("docs/operations.md")

    assert f"zhizhi {name.replace('_', '-')}" in operations
    assert [option for option in long if option not in operations] == []


def test_every_declared_setting_is_documented() -> None:
    engine = importlib.import_module("zhizhi.engine.settings_in_force")
    declared = {setting.key for setting in engine.declared().values()}
    declared |= {setting.key for system in systems() for setting in system.settings}

    assert [key for key in sorted(declared) if f"`{key}`" not in read("docs/operations.md")] == []


def test_every_dependency_is_justified_with_its_licence() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    groups = project["dependency-groups"].values()
    wanted = [*project["project"]["dependencies"], *itertools.chain.from_iterable(groups)]
    names = {re.split(r"[\[<>=; ]", line)[0].lower() for line in wanted}
    rows = re.findall(r"^\| ([\w.@/-]+) \| ([^|]+) \|", read("docs/dependencies.md"), re.MULTILINE)
    documented = {name.lower() for name, licence in rows if licence.strip()}

    assert names - documented == set()


def test_every_system_is_listed_in_both_readmes() -> None:
    for system in systems():
        assert f"systems/{system.label}" in read("README.md")
        assert f"systems/{system.label}" in read("README.zh-CN.md")


def test_the_version_is_the_newest_heading_of_the_changelog() -> None:
    assert re.search(r"^## \d+\.\d+\.\d+", read("CHANGELOG.md"), flags=re.MULTILINE)


def test_every_decision_record_says_status_context_decision_and_consequences() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))

    assert records
    for record in records:
        text = record.read_text(encoding="utf-8")
        for part in ("Status", "Context", "Decision", "Consequences"):
            assert f"## {part}" in text, f"{record.name} has no {part}"


def test_every_public_model_has_a_plain_first_sentence() -> None:
    models = [m for m in apps.get_models() if m.__module__.startswith("zhizhi.")]

    assert models
    assert [m.__name__ for m in models if not inspect.getdoc(m)] == []
