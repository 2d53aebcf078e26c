"""Metrics: who may read them, what they tell, and that nobody can make them grow."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from zhizhi.config.backing_up import latest
from zhizhi.config.backing_up.latest import Backup
from zhizhi.config.metrics import counting
from zhizhi.engine import delivering, timing, vitals
from zhizhi.engine.models import Checkpoint, Source
from zhizhi.engine.tests.feeding import seed_systems
from zhizhi.trust import audit, tree
from zhizhi.trust.tests.test_tree import chain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Any:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def told(**headers: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Return all figures: by name, then by the values of their labels."""
    text = Client(headers=headers).get("/metrics").content.decode()
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def status(address: str, **headers: str) -> int:
    return Client(headers=headers).get("/metrics", REMOTE_ADDR=address).status_code


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("127.0.0.1", 200),
        ("127.8.8.8", 200),
        ("::1", 200),
        ("10.0.0.4", 404),
        ("", 404),
        ("x", 404),
    ],
)
def test_without_a_token_this_machine_alone_may_read(address: str, answer: int) -> None:
    assert status(address) == answer


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_what_a_proxy_on_this_machine_passes_on_is_refused(name: str) -> None:
    assert status("127.0.0.1", **{name: "127.0.0.1"}) == 404


@pytest.mark.parametrize(
    ("shown", "answer"),
    [("Bearer secret", 200), ("Bearer secret ", 404), ("Bearer Secret", 404), ("secret", 404),
     ("Bearer ", 404), ("", 404), ("Bearer 秘密", 404)],
)  # fmt: skip
def test_with_a_token_nobody_reads_without_it(shown: str, answer: int) -> None:
    with override_settings(METRICS_TOKEN="secret"):
        assert status("10.0.0.4", authorization=shown) == answer
        assert status("127.0.0.1", authorization=shown) == answer


def test_the_figures_of_the_installation_are_told() -> None:
    seed_systems()
    now = timezone.now()
    delivering.enqueue(
        channel="inbox", recipient="r", template="t", payload={}, key_parts=(1,),
        now=now - timedelta(minutes=3),
    )  # fmt: skip
    timing.schedule("t", action="a", arguments={}, due_at=now - timedelta(seconds=1))
    timing.schedule("u", action="a", arguments={}, due_at=now + timedelta(hours=1))
    chain(3)
    tree.catch_up(now)
    latest.note(Backup(now, 5, 1))

    found = told()

    assert found["zhizhi_database_up"] == {(): 1.0}
    assert found["zhizhi_outbox_waiting"]["inbox",] == 1.0
    assert found["zhizhi_outbox_oldest_seconds"]["inbox",] >= 180.0
    assert found["zhizhi_outbox_oldest_seconds"]["webhook",] == 0.0
    assert (found["zhizhi_timers_waiting"], found["zhizhi_timers_overdue"]) == ({(): 2}, {(): 1})
    entries = {(): float(audit.head().seq)}
    assert found["zhizhi_audit_entries"] == found["zhizhi_published_entries"] == entries
    assert found["zhizhi_published_timestamp_seconds"] == {(): pytest.approx(now.timestamp())}
    assert found["zhizhi_backup_timestamp_seconds"] == {(): pytest.approx(now.timestamp())}
    assert found["zhizhi_vault_keys"] == {(): 1.0}
    assert found["zhizhi_disk_free_bytes"][()] > 0


def test_labels_are_codes_of_the_product_alone() -> None:
    seed_systems()
    Checkpoint.objects.create(detector="Wagtail", version=1, updated_at=timezone.now())

    found = told()

    assert set(found["zhizhi_outbox_waiting"]) == {(code,) for code in delivering.channels()}
    assert "Wagtail" not in {label for labels in found.values() for key in labels for label in key}


def test_a_database_that_is_gone_is_told_and_the_rest_still_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(vitals, "outbox", gone)

    found = told()

    assert found["zhizhi_database_up"] == {(): 0.0}
    assert "zhizhi_outbox_waiting" not in found
    assert "zhizhi_disk_free_bytes" in found


async def _answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


async def _nothing(_message: Any) -> None: ...


def ask(path: str, method: str = "GET", kind: str = "http") -> None:
    scope = {"type": kind, "path": path, "method": method}
    asyncio.run(counting.counted(_answer)(scope, None, _nothing))


def counts() -> dict[tuple[str, ...], float]:
    [family] = counting.REQUESTS.collect()
    return {
        tuple(one.labels.values()): one.value
        for one in family.samples
        if one.name.endswith("_total")
    }


@pytest.mark.parametrize(
    ("path", "part"),
    [("/api/v1/observations/x", "observations"), ("/desk/now", "desk"), ("/events/", "streams"),
     ("/wall/events", "streams"), ("/cases/4/", "pages")],
)  # fmt: skip
def test_every_answer_is_counted_by_its_part(path: str, part: str) -> None:
    before = counts().get((part, "GET", "2xx"), 0.0)

    ask(path)

    assert counts()[part, "GET", "2xx"] == before + 1


def test_no_address_method_or_state_makes_a_new_label() -> None:
    for number in range(50):
        ask(f"/cases/{number}/", method=f"ODD{number}")
        counting.count("pages", "GET", 600 + number)

    parts, methods, kinds = (set(values) for values in zip(*counts(), strict=True))
    assert parts <= set(counting.PARTS)
    assert methods <= {*counting.METHODS, "other"}
    assert kinds <= {"1xx", "2xx", "3xx", "4xx", "5xx", "other"}


@pytest.mark.parametrize(
    ("number", "kind"), [(99, "other"), (100, "1xx"), (599, "5xx"), (600, "other")]
)
def test_a_state_is_counted_by_its_hundred(number: int, kind: str) -> None:
    before = counts().get(("pages", "HEAD", kind), 0.0)

    counting.count("pages", "HEAD", number)

    assert counts()["pages", "HEAD", kind] == before + 1


def test_what_is_no_request_is_not_counted() -> None:
    before = counts()

    ask("/cases/4/", kind="lifespan")

    assert counts() == before


def test_a_sender_that_says_nothing_is_counted_and_a_page_of_the_house_is_not() -> None:
    before = timezone.now() - vitals.SILENT - timedelta(seconds=1)
    for code, kind in (("boats", "mqtt"), ("own", Source.FORM)):
        Source.objects.create(code=code, name=code, kind=kind, last_arrival_at=before)

    assert told()["zhizhi_sources_silent"] == {(): 1.0}
