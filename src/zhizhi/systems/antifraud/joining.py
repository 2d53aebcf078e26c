"""Coming into protected circles with a telephone number alone, and leaving them for good.

A number counts as the own one of whoever knows the code that was sent to it; nothing else proves
it. Whether a number was known before is told to nobody: the same happens either way. Whoever leaves
is destroyed at once, and so is everybody whom no agreement and no invitation keeps here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from zhizhi.directory import people, texting
from zhizhi.directory.people import PersonalData
from zhizhi.engine import delivering, quotas, settings_in_force, timeline
from zhizhi.systems.antifraud.models import CircleMember, CirclePerson
from zhizhi.trust import consenting, erasing, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.consenting import Agreement
from zhizhi.trust.grounds import PROTECT
from zhizhi.trust.models import Consent

ASKED, JOINED, LEFT = "circle.ask", "circle.join", "circle.leave"
DATA = ("phone",)
CHANNEL, TEXT = "circle-page", "protect-circle@1"  # the wording of antifraud/parts/agreeing.html
RESIDENT, WORKER = "resident", "worker"
DIGITS = 8
AT_ONCE = 100
LANGUAGE = "zh-hans"  # of messages to people of whom nothing but a number is known
State, Ended = CircleMember.State, CircleMember.Ended


def ask_code(phone: str, *, now: datetime) -> CirclePerson:
    """Send a code to ``phone`` and return who has to enter it; a newer code replaces an older one.

    Raises IdentityInvalid and WrongWorld.
    """
    with timeline.writing():
        row = known(phone, now=now)
        CirclePerson.objects.filter(pk=row.pk).update(asked_at=now)
        row.refresh_from_db()
        until = _until(now)
        with translation.override(LANGUAGE):
            said = _("Your code for the protected circle: {code}. Tell it to nobody who calls.")
        send(row, said.format(code=vault.spaced(_code_of(row))), ("circle code", row.pk, now),
             until=until, now=now)  # fmt: skip
        timeline.leave(Leaf(RESIDENT, ASKED, people.subject(row.person), now))
    return row


def may_ask(phone: str, *, now: datetime) -> bool:
    """Count one more message to ``phone`` and say whether it is among those allowed an hour."""
    most = settings_in_force.value("antifraud.codes_per_number")
    return quotas.take("circle message", PersonalData(phone=phone).phone, most=most, now=now)


def enter(row: CirclePerson, code: str, *, now: datetime) -> bool:
    """Join with the code that was sent to the number, and agree anew; it can be entered once."""
    with timeline.writing():
        held = _held(row.pk)
        if held is None or held.asked_at is None or now >= _until(held.asked_at):
            return False
        if not vault.is_secret(code, _code_of(held)):
            return False
        fresh = CirclePerson.objects.filter(pk=held.pk, asked_at=held.asked_at)
        if not fresh.update(asked_at=None, joined_at=held.joined_at or now):
            return False
        agree(held, now=now)
        timeline.leave(Leaf(RESIDENT, JOINED, people.subject(held.person), now))
    return True


def agree(row: CirclePerson, *, now: datetime) -> None:
    """Write down that somebody agrees to be in circles, from now on for as long as is usual."""
    agreement = Agreement(people.subject(row.person), PROTECT, DATA, CHANNEL, TEXT)
    days = settings_in_force.value("antifraud.circle_days")
    until = now + timedelta(days=days)
    consenting.give(agreement, until=until, by=RESIDENT, now=now, leave=timeline.leave)


def agreed_until(row: CirclePerson, *, now: datetime) -> datetime | None:
    """Return until when somebody has agreed to be in circles; None without an agreement."""
    found = consenting.agreed(people.subject(row.person), PROTECT, DATA, now=now)
    return found.expires_at if found is not None else None


def is_in(row: CirclePerson, *, now: datetime) -> bool:
    """Say whether somebody has agreed to be in circles, and still does."""
    return agreed_until(row, now=now) is not None


def known(phone: str, *, now: datetime) -> CirclePerson:
    """Return who has this number, new or known; raises IdentityInvalid and WrongWorld."""
    data = PersonalData(phone=phone)
    data.admit()
    number = vault.blind_index(data.phone, column="antifraud.circle")
    for _try in range(2):  # of two at once one finds the other's
        found = CirclePerson.objects.filter(number=number).select_related("person__key").first()
        if found is not None:
            return found
        try:
            with transaction.atomic():
                person = people.add_person(data, by=RESIDENT, now=now, leave=timeline.leave)
                return CirclePerson.objects.create(person=person, number=number, made_at=now)
        except IntegrityError:
            continue
    message = "the number is there and is not"
    raise RuntimeError(message)


def send(
    row: CirclePerson, words: str, key_parts: tuple[object, ...], *, until: datetime, now: datetime
) -> None:
    """Put a text message to the number of ``row`` into the outbox, sealed."""
    delivering.enqueue(
        channel="carrier_sms", recipient=people.subject(row.person), template="antifraud.circle",
        payload={"sealed": texting.seal_words(row.person, words), "until": until.isoformat()},
        key_parts=key_parts, now=now, is_urgent=True,
    )  # fmt: skip


def leave(row: CirclePerson, *, by: str = RESIDENT, now: datetime) -> bool:
    """End every circle of somebody and destroy the number; says whether there was one.

    From then on nobody is told anything, and there is a receipt.
    """
    with timeline.writing():
        held = _held(row.pk)
        if held is None:
            return False
        either = CircleMember.objects.filter(Q(protected=held) | Q(relative=held))
        others = list(either.exclude(state=State.ENDED).select_related("relative__person__key"))
        either.exclude(state=State.ENDED).update(
            state=State.ENDED, ended_at=now, ended_why=Ended.GONE
        )
        if by == RESIDENT:  # else it has run out, and ends with the number
            consenting.end_all(
                people.subject(held.person), Consent.Ended.WITHDRAWN, by=by, now=now,
                leave=timeline.leave,
            )  # fmt: skip
        _destroy(held, by=by, now=now)
        for other in others:
            if other.relative_id != held.pk:
                let_go(other.relative, now=now)
    return True


def let_go(row: CirclePerson, *, now: datetime) -> None:
    """Destroy the number of somebody who was here as a relative alone and is so no more."""
    alone = CirclePerson.objects.filter(pk=row.pk, joined_at=None)
    if alone.exists() and not row.circles.exclude(state=State.ENDED).exists():
        leave(row, now=now)


def forget_old(now: datetime) -> int:
    """Let invitations lapse, destroy whom nothing keeps here, and delete what ended long ago."""
    lapsed = CircleMember.objects.filter(state=State.INVITED, until_at__lte=now)
    lapsed.update(state=State.ENDED, ended_at=now, ended_why=Ended.LAPSED)
    count = sum(leave(row, by=WORKER, now=now) for row in _unkept(now))
    before = settings_in_force.days_ago("antifraud.circle_kept_days", now)
    count += CircleMember.objects.filter(state=State.ENDED, ended_at__lt=before).delete()[0]
    gone = CirclePerson.objects.filter(number="", circle=None, circles=None)
    return count + gone.delete()[0]


def _unkept(now: datetime) -> Iterator[CirclePerson]:
    """Yield who has neither an agreement in force, nor an invitation, nor a code to enter."""
    rows = CirclePerson.objects.exclude(number="").select_related("person__key").order_by("pk")
    invited = CircleMember.objects.filter(state=State.INVITED).values("relative")
    asked = Q(asked_at__gt=now - timedelta(minutes=settings_in_force.value(
        "antifraud.code_minutes")))  # fmt: skip
    found = list(rows.exclude(pk__in=invited).exclude(asked))
    names = [people.subject(row.person) for row in found]
    agreed = consenting.agreed_among(names, PROTECT, DATA, now=now)
    left = (row for row in found if people.subject(row.person) not in agreed)
    for _number, row in zip(range(AT_ONCE), left, strict=False):
        yield row


def _destroy(row: CirclePerson, *, by: str, now: datetime) -> None:
    people.erase_person(row.person, by=by, now=now, leave=timeline.leave)
    CirclePerson.objects.filter(pk=row.pk).update(number="", asked_at=None)
    timeline.leave(Leaf(by, LEFT, people.subject(row.person), now))
    erasing.receipt(
        f"circle:{row.pk}", [people.subject(row.person)], [], by=by, now=now, leave=timeline.leave
    )


def _held(pk: int) -> CirclePerson | None:
    """Hold somebody who is still here until commit."""
    rows = CirclePerson.objects.select_for_update(of=("self",)).filter(pk=pk)
    return rows.exclude(number="").select_related("person__key").first()


def _until(asked_at: datetime) -> datetime:
    return asked_at + timedelta(minutes=settings_in_force.value("antifraud.code_minutes"))


def _code_of(row: CirclePerson) -> str:
    """Return the code of the newest message; computed, so kept nowhere."""
    assert row.asked_at is not None  # noqa: S101 - its callers have looked
    text = f"{row.pk}|{row.asked_at.timestamp()}"
    return vault.secret_digits(text, column="antifraud.circle_code", count=DIGITS)
