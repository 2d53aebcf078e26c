"""What nobody may write into the product, and what it does not give away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from zhizhi.directory.models import Account

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "zhizhi"
SCRIPTS = SOURCES / "web" / "assets" / "js"
CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load",
    "pickle.loads", "marshal.loads", "yaml.load",
}  # fmt: skip
MARKUP = re.compile(
    r"\.(innerHTML|outerHTML)\s*\+?=(?!\s*(?:'[^'$]*';|\"[^\"$]*\";))"
    r"|insertAdjacentHTML|document\.write|new Function\(|\beval\("
)
LISTENING = re.compile(r"(window|self)\.(addEventListener\(\s*[\"']message|onmessage)")


def dangers(text: str) -> list[str]:
    """Return what a module does that could run, or unpack, what somebody sent."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    names = [ast.unparse(call.func) for call in calls]
    words = [word for call in calls for word in call.keywords if word.arg == "shell"]
    shells = [word for word in words if ast.unparse(word.value) != "False"]
    return [name for name in names if name in CALLS] + ["shell"] * len(shells)


def modules() -> Iterator[Path]:
    return (path for path in sorted(SOURCES.rglob("*.py")) if "tests" not in path.parts)


def scripts() -> Iterator[Path]:
    return (path for path in sorted(SCRIPTS.rglob("*.js")) if "tests" not in path.parts)


def test_nothing_that_was_sent_can_be_run() -> None:
    found = {str(path): dangers(path.read_text(encoding="utf-8")) for path in modules()}

    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    ["eval('1')", "import os; os.system('x')", "run('x', shell=True)", "run('x', shell=y)",
     "import pickle; pickle.loads(b'')", "exec(a)"],
)  # fmt: skip
def test_what_could_run_it_is_found(text: str) -> None:
    assert len(dangers(text)) == 1


def test_scripts_write_text_and_constant_drawings_alone() -> None:
    found = [path.name for path in scripts() if MARKUP.search(path.read_text(encoding="utf-8"))]

    assert found == []


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("a.innerHTML = '<svg></svg>';", False),
        ("a.innerHTML = name;", True),
        ("a.innerHTML = `<b>${name}</b>`;", True),
        ("a.innerHTML += '<b>' + name;", True),
        ("a.insertAdjacentHTML('beforeend', x)", True),
        ("a.textContent = name;", False),
    ],
)
def test_a_script_that_writes_markup_is_found(text: str, *, is_found: bool) -> None:
    assert bool(MARKUP.search(text)) is is_found


def test_no_script_listens_to_other_windows() -> None:
    found = [path.name for path in scripts() if LISTENING.search(path.read_text(encoding="utf-8"))]

    assert found == []
    assert LISTENING.search("window.addEventListener('message', take)")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/.git/HEAD", "/.env", "/static/", "/static/web/", "/static/web/build/",
     "/static/../settings.py", "/static/%2e%2e/%2e%2e/settings.py", "/media/", "/data/"],
)  # fmt: skip
def test_no_folder_and_no_file_of_the_house_is_served(path: str) -> None:
    assert Client().get(path).status_code == 404


def test_no_page_of_errors_shows_the_inside() -> None:
    assert settings.DEBUG is False


@pytest.mark.django_db
def test_a_session_has_a_random_key_of_more_than_128_bits() -> None:
    keys = set()
    for _time in range(20):
        session = SessionStore()
        session.create()
        keys.add(session.session_key)

    assert len(keys) == 20
    assert all(re.fullmatch("[a-z0-9]{32}", str(key)) for key in keys)  # 36 ** 32 > 2 ** 165


@pytest.mark.usefixtures("strong_passwords")
def test_passwords_are_kept_as_argon2id() -> None:
    kind, version, costs, *_rest = (
        make_password("x" * 12).removeprefix("argon2").strip("$").split("$")
    )
    told = dict(part.split("=") for part in costs.split(","))

    assert (kind, version) == ("argon2id", "v=19")
    assert int(told["m"]) >= 19_456  # KiB; OWASP, Password Storage Cheat Sheet
    assert int(told["t"]) >= 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password",
    [
        "夜里江上的灯火很亮很亮很亮很亮",
        "all small letters of one kind",
        "x7" * 60,
        " begins and ends blank ",
    ],
)
def test_a_password_may_be_of_any_signs_and_counts_to_its_last_one(password: str) -> None:
    validate_password(password)
    account = Account(username="somebody")
    account.set_password(password)

    assert account.check_password(password)
    for other in (password.swapcase(), password[:-1], password.strip() + "x", password + " "):
        assert other == password or not account.check_password(other)


@pytest.mark.django_db
def test_a_password_is_typed_unseen_and_may_be_pasted_by_its_keeper() -> None:
    page = Client().get("/sign-in/").content.decode()

    [field] = re.findall(r"<input[^>]*name=\"password\"[^>]*>", page)
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert not re.search(r"onpaste|readonly|maxlength", field)
