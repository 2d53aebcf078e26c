"""Changing the vault key: everybody goes on reading, and nothing is left behind."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from zhizhi.trust import audit, keys, people_keys, rotating, vault
from zhizhi.trust.ciphers import SealBroken
from zhizhi.trust.keys import KeysMissing
from zhizhi.trust.models import AuditEntry, SubjectKey
from zhizhi.trust.rotating import RotationRuns

pytestmark = pytest.mark.django_db
AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path / "keys"


class Killed(BaseException):
    """Stands for kill -9 between two batches."""


def rotate(progress: rotating.Told = lambda rows: None) -> rotating.Rotated:
    return rotating.rotate(by="cli", now=AT, progress=progress)


def retire(before: datetime) -> list[str]:
    return rotating.retire_unused(superseded_before=before, by="cli", now=AT)


def in_a_minute() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def opened() -> list[bytes]:
    rows = SubjectKey.objects.filter(wrapped__isnull=False).order_by("pk")
    return [vault.unwrap(row) for row in rows]


def key_ids() -> set[str]:
    rows = SubjectKey.objects.filter(wrapped__isnull=False)
    return set(rows.values_list("key_id", flat=True))


def told(*verbs: str) -> list[tuple[str, str, dict[str, object]]]:
    rows = AuditEntry.objects.filter(verb__in=verbs).order_by("seq")
    return list(rows.values_list("verb", "subject", "detail"))


def test_rotation_wraps_every_key_anew_and_none_changes() -> None:
    made = vault.make_keys(5, now=AT)
    old = keys.ring().current("vault")
    vault.destroy(made[0][0], now=AT)

    done = rotate()

    assert (done.rewrapped, done.is_resumed) == (4, False)
    assert key_ids() == {keys.ring().current("vault").id} == {done.key_id} != {old.id}
    assert opened() == [key for _, key in made[1:]]


def test_everybody_can_be_read_between_any_two_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "BATCH", 2)
    wanted = [key for _, key in vault.make_keys(5, now=AT)]
    seen: list[tuple[int, int, bool]] = []

    rotate(lambda rows: seen.append((rows, len(key_ids()), opened() == wanted)))

    assert seen == [(2, 2, True), (2, 2, True), (1, 1, True)]


def test_a_rotation_that_was_killed_is_taken_up_where_it_stood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rotating, "BATCH", 2)
    wanted = [key for _, key in vault.make_keys(5, now=AT)]

    def kill(_rows: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        rotate(kill)
    begun = keys.ring().current("vault").id
    assert (rotating.is_unfinished(), opened()) == (True, wanted)

    done = rotate()

    assert (done.key_id, done.rewrapped, done.is_resumed) == (begun, 3, True)
    assert opened() == wanted
    assert not rotating.is_unfinished()
    assert rotate().key_id != begun, "the next one is a new one"


def test_a_key_that_was_made_and_never_used_is_used_by_the_next_rotation() -> None:
    vault.make_keys(1, now=AT)
    made = keys.add("vault")

    done = rotate()

    assert (done.key_id, done.is_resumed) == (made.id, True)


def test_a_rotation_killed_after_its_last_batch_is_ended_by_the_next() -> None:
    vault.make_keys(1, now=AT)
    made = keys.add("vault")
    rotating._rewrap(made, lambda rows: None)

    done = rotate()

    assert (done.rewrapped, done.is_resumed) == (1, False)
    assert done.key_id > made.id
    assert [subject for _, subject, _ in told(rotating.DONE)] == [
        f"key:vault-{made.id}", f"key:vault-{done.key_id}",
    ]  # fmt: skip


def test_beginning_end_and_destruction_are_in_the_audit_log() -> None:
    vault.make_keys(3, now=AT)
    old = keys.ring().current("vault").id

    new = rotate().key_id
    retire(in_a_minute())

    assert told(rotating.BEGUN, rotating.DONE, rotating.RETIRED) == [
        (rotating.BEGUN, f"key:vault-{new}", {}),
        (rotating.DONE, f"key:vault-{new}", {"rewrapped": 3, "resumed": False}),
        (rotating.RETIRED, f"key:vault-{old}", {}),
    ]
    assert list(audit.verify()) == []


def test_a_person_erased_while_a_batch_is_wrapped_stays_erased() -> None:
    [(row, _key)] = vault.make_keys(1, now=AT)
    wrapping = keys.add("vault")
    batch = rotating._batch(wrapping, after=0)
    vault.destroy(row, now=AT)

    assert rotating._rewrap_batch(wrapping, batch) == 0

    assert SubjectKey.objects.get(pk=row.pk).wrapped is None


def test_two_rotations_do_not_run_at_once(folder: Path) -> None:
    vault.make_keys(1, now=AT)
    with (folder / ".rotating.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with pytest.raises(RotationRuns):
            rotate()

    assert len(keys.ring().of("vault")) == 1


def test_a_damaged_data_key_stops_the_rotation_and_no_key_is_destroyed() -> None:
    (row, _), _other = vault.make_keys(2, now=AT)
    old = keys.ring().current("vault")
    SubjectKey.objects.filter(pk=row.pk).update(wrapped=bytes(row.wrapped or b"")[:-1] + b"\0")

    with pytest.raises(SealBroken):
        rotate()
    with pytest.raises(SealBroken):
        retire(in_a_minute())

    assert keys.ring().find("vault", old.id) == old


def test_an_old_vault_key_stays_until_its_successor_is_old_enough() -> None:
    old = keys.ring().current("vault")
    rotate()
    made = keys.made_at(keys.ring().current("vault"))

    assert retire(made) == []
    assert retire(made + timedelta(microseconds=1)) == [old.id]
    assert retire(made + timedelta(microseconds=1)) == []


def test_after_it_was_retired_nothing_opens_what_only_it_had_wrapped() -> None:
    row, _ = vault.make_keys(1, now=AT)[0]
    copy = bytes(row.wrapped or b""), row.key_id
    rotate()

    retire(in_a_minute())

    row.wrapped, row.key_id = copy
    with pytest.raises(KeysMissing):
        vault.unwrap(row)


def test_what_was_wrapped_with_an_old_key_meanwhile_survives_its_retirement() -> None:
    old = keys.ring().current("vault")
    rotate()
    straggler, key = vault.make_keys(1, now=AT)[0]
    straggler.wrapped, straggler.key_id = vault.wrap(old, key), old.id
    straggler.save()

    retire(in_a_minute())

    straggler.refresh_from_db()
    assert vault.unwrap(straggler) == key


def test_the_file_of_peoples_keys_needs_the_new_key_alone_where_there_is_one() -> None:
    vault.make_keys(2, now=AT)
    rotate()
    assert not people_keys.path().exists(), "no backups are made here"
    people_keys.keep(now=AT)

    new = rotate().key_id

    assert [one.key_id for one in people_keys.kept()] == [new, new]


def test_a_reader_whose_ring_missed_the_new_key_looks_once_more(folder: Path) -> None:
    """Two changes of a folder within one tick of its clock look like one."""
    ring = keys.ring()
    new = keys.add("vault")

    assert ring.find("vault", new.id) == new
