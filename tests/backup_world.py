"""People with names that can be looked for, in an installation of its own.

Run in that installation's environment: python -m tests.backup_world VERB NUMBERS...
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zhizhi.config.boot import boot

boot()

from django.db import connection  # noqa: E402 - Django must be set up first
from django.utils import timezone  # noqa: E402

from zhizhi.directory import people  # noqa: E402
from zhizhi.directory.models import Person  # noqa: E402
from zhizhi.directory.people import PersonalData  # noqa: E402
from zhizhi.trust import destruction, evidence, grounds, rotating, tree, vault  # noqa: E402
from zhizhi.trust.tests.test_evidence import photo  # noqa: E402


def name_of(number: int) -> str:
    return f"Canary Wagtail {number:04d}"


def add(first: int, end: int) -> None:
    """Add people with these numbers, and seal a photo."""
    rows = [PersonalData(name=name_of(number)) for number in range(first, end)]
    people.add_people(rows, by="cli", now=timezone.now())
    evidence.seal(photo(), case=first, kind="photo", media_type="", by="unit:3", now=timezone.now())
    tree.catch_up(timezone.now())


def erase(*numbers: int) -> None:
    for number in numbers:
        people.erase_person(Person.objects.get(pk=number), by="cli", now=timezone.now())


def tell() -> None:
    """Do what the worker does once a minute with destroyed keys."""
    destruction.DestroyedKeys().catch_up(timezone.now())


def read() -> None:
    """Print each person's number and name; nothing after the number when it cannot be read."""
    for person in Person.objects.select_related("key").order_by("pk"):
        try:
            key = vault.unwrap(person.key)
        except vault.Erased:
            sys.stdout.write(f"{person.pk} {'' if person.name is None else 'sealed'}\n")
            continue
        place = vault.Place(people.TABLE, "name", person.pk)
        with grounds.reading(grounds.by_law("prove-keys")):
            name = vault.unseal(bytes(person.name or b""), key=key, place=place)
        sys.stdout.write(f"{person.pk} {name}\n")


def watch() -> None:
    """Read everybody over and over until told to end (standard input closes); print the counts."""
    reads = refused = 0
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    while not over.is_set():
        for person in Person.objects.select_related("key").order_by("pk").iterator(chunk_size=50):
            reads += 1
            refused += not _is_readable(person)
            if over.is_set():
                break
        sys.stdout.write("read\n")
        sys.stdout.flush()
    sys.stdout.write(f"{reads} {refused}\n")


def _is_readable(person: Person) -> bool:
    place = vault.Place(people.TABLE, "name", person.pk)
    try:
        key = vault.unwrap(person.key)
        with grounds.reading(grounds.by_law("prove-keys")):
            name = vault.unseal(bytes(person.name or b""), key=key, place=place)
        return name.startswith("Canary")
    except Exception as error:  # noqa: BLE001 - whatever refuses a read counts
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return False


def rotate_and_die(batches: int) -> None:
    """Change the vault key, and be killed inside the transaction of the batch after so many."""
    seen = 0

    def die(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        result = execute(sql, params, many, context)
        if sql.startswith("UPDATE trust_subjectkey"):
            seen += 1
            if seen > batches:
                os.kill(os.getpid(), signal.SIGKILL)
        return result

    with connection.execute_wrapper(die):
        rotating.rotate(by="cli", now=timezone.now())


def files_with(words: list[bytes], folder: Path) -> list[str]:
    """Return the files below ``folder`` that hold one of the words."""
    return [
        str(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(word in path.read_bytes() for word in words)
    ]


if __name__ == "__main__":
    verbs: dict[str, Callable[..., None]] = {
        "add": add, "erase": erase, "tell": tell, "read": read, "watch": watch,
        "rotate-and-die": rotate_and_die,
    }  # fmt: skip
    verbs[sys.argv[1]](*(int(word) for word in sys.argv[2:]))
