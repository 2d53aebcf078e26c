"""Binding tags to people: what a tag says of itself is hashed at once and kept nowhere."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from zhizhi.directory.accounts import person_name
from zhizhi.directory.models import Person
from zhizhi.engine import reading, timeline
from zhizhi.engine.states import StateConflict
from zhizhi.kernel.observations import hash_token
from zhizhi.systems.guardian.models import Companion, Enrolment, Tag
from zhizhi.systems.guardian.naming import STREAM
from zhizhi.trust.audit import Leaf

LONGEST = 64  # what a tag says of itself; the stream takes no more


def bind(person: Person, code: str, kind: str, *, by: str, now: datetime) -> Tag:
    """Give a tag to a ward or a companion; ``code`` is what a reader reads of it.

    Raises ValueError for a code that no reader could send or for somebody who needs no tag, and
    StateConflict ("tag-bound") when somebody carries it already.
    """
    code = code.strip()
    if not 0 < len(code) <= LONGEST or kind not in Tag.Kind.values:
        message = f"a tag has a code of 1 to {LONGEST} characters"
        raise ValueError(message)
    if not _needs_one(person):
        message = f"{person_name(person.pk)} is neither enrolled nor a companion"
        raise ValueError(message)
    with timeline.writing():
        try:
            with transaction.atomic():
                row = Tag.objects.create(
                    token=token_of(code), kind=kind, holder=person, bound_at=now, bound_by=by
                )
        except IntegrityError as error:
            raise StateConflict("somebody carries this tag already", code="tag-bound") from error
        _leave(row, "guardian.bind", by, now)
    return row


def unbind(row: Tag, *, by: str, now: datetime) -> None:
    """Take a tag back: whatever a reader reads of it from now on is nobody's."""
    with timeline.writing():
        live = Tag.objects.filter(pk=row.pk, unbound_at=None)
        if not live.update(unbound_at=now, unbound_by=by):
            row.refresh_from_db()
            raise StateConflict("it was taken back already", code="tag-unbound", record=row)
        row.refresh_from_db()
        _leave(row, "guardian.unbind", by, now)


def token_of(code: str) -> int:
    """Return the keyed hash under which the stream knows a tag."""
    return hash_token(reading.reader().token_key, STREAM, code.strip())


def _needs_one(person: Person) -> bool:
    live = Enrolment.everything.exclude(state=Enrolment.State.ENDED)
    is_companion = Companion.objects.filter(enrolment__in=live, person=person).exists()
    return is_companion or live.filter(ward=person).exists()


def _leave(row: Tag, verb: str, by: str, now: datetime) -> None:
    told = {"holder": person_name(row.holder_id), "kind": str(row.kind)}
    timeline.leave(Leaf(by, verb, f"tag:{row.pk}", now, detail=told))
