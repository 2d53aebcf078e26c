"""Add people, read them alone and during a rotation; for bench.rotation.

Run with: ZHIZHI_DATA=FOLDER python -m bench.rotating PEOPLE
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import random
import sys
import time
from multiprocessing.synchronize import Event
from typing import Any

from bench.measuring import p95

from zhizhi.config.boot import boot

boot()

from django.db import connection, reset_queries  # noqa: E402 - Django must be set up first
from django.utils import timezone  # noqa: E402

from zhizhi.directory import people  # noqa: E402
from zhizhi.directory.models import Person  # noqa: E402
from zhizhi.directory.people import PersonalData  # noqa: E402
from zhizhi.trust import grounds, rotating, vault  # noqa: E402

ALONE_S = 4.0
AT_ONCE = 2000


def add(count: int) -> list[int]:
    """Seal so many people; returns all numbers."""
    for start in range(0, count, AT_ONCE):
        rows = [PersonalData(name=f"Person {n}") for n in range(start, min(count, start + AT_ONCE))]
        people.add_people(rows, by="bench", now=timezone.now())
    return list(Person.objects.values_list("pk", flat=True))


def read(numbers: list[int], over: Event, out: Any) -> None:
    """Read random people until it is over; tells the milliseconds and what was refused."""
    connection.close()
    chance, waits, refused = random.Random(1), [], 0
    while not over.is_set():
        begin = time.perf_counter()
        try:
            person = Person.objects.select_related("key").get(pk=chance.choice(numbers))
            key = vault.unwrap(person.key)
            place = vault.Place(people.TABLE, "name", person.pk)
            with grounds.reading(grounds.by_law("prove-keys")):
                vault.unseal(bytes(person.name or b""), key=key, place=place)
        except Exception:  # noqa: BLE001 - whatever it is, this read was refused
            refused += 1
        waits.append(1000 * (time.perf_counter() - begin))
        reset_queries()
    out.send({"reads": len(waits), "refused": refused, "p95": p95(waits)})


def beside(numbers: list[int], work: Any) -> dict[str, Any]:
    """Let another process read while ``work`` is done here; returns what it tells."""
    context = multiprocessing.get_context("fork")
    over, (here, there) = context.Event(), context.Pipe()
    connection.close()
    process = context.Process(target=read, args=(numbers, over, there))
    process.start()
    work()
    over.set()
    told: dict[str, Any] = here.recv()
    process.join()
    return told


def main() -> None:
    numbers = add(int(sys.argv[1]))
    alone = beside(numbers, lambda: time.sleep(ALONE_S))
    found: dict[str, Any] = {}
    moments: list[float] = []

    def work() -> None:
        begin = time.perf_counter()
        done = rotating.rotate(
            by="bench",
            now=timezone.now(),
            progress=lambda rows: moments.append(time.perf_counter()),
        )
        found.update(rewrapped=done.rewrapped, seconds=time.perf_counter() - begin)

    during = beside(numbers, work)
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    found["longest_ms"] = 1000 * max(gaps, default=0.0)
    sys.stdout.write(json.dumps({**found, "alone": alone, "during": during}))


if __name__ == "__main__":
    main()
