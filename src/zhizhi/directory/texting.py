"""Text messages to people of the vault: number and words stay sealed until they go out.

The outbox holds neither; whatever sends a message opens both, for that alone and on record.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from django.db import transaction

from zhizhi.directory import people
from zhizhi.directory.accounts import person_name
from zhizhi.directory.models import Person
from zhizhi.trust import access, grounds, vault
from zhizhi.trust.access import UNTOLD, Look
from zhizhi.trust.ciphers import SealBroken
from zhizhi.trust.vault import Place

SEND = "send-code"
SENDER = "worker"
NUMBER = ("phone",)


class NotSendable(LookupError):
    """There is no number or there are no words any more, or they are another person's."""


def seal_words(person: Person, words: str) -> str:
    """Return ``words`` sealed under the key of whom they are for; raises vault.Erased."""
    sealed = vault.seal(
        words, key=vault.unwrap(person.key), key_id=str(person.pk), place=_place(person.pk)
    )
    return base64.b64encode(sealed).decode()


def open_to_send(pk: int, sealed: str, *, now: datetime) -> tuple[str, str]:
    """Return number and words for whatever sends them now, and put that on record.

    Raises NotSendable, also for a person who was destroyed meanwhile.
    """
    person = Person.objects.select_related("key").filter(pk=pk).first()
    if person is None or not person.phone:
        raise NotSendable(person_name(pk))
    ground = grounds.by_law(SEND)
    try:
        key, content = vault.unwrap(person.key), base64.b64decode(sealed, validate=True)
        with grounds.reading(ground):
            words = vault.unseal(content, key=key, place=_place(pk))
            told = vault.unseal_columns(person, NUMBER, table=people.TABLE, key=key)
    except (vault.Erased, SealBroken, binascii.Error) as error:
        raise NotSendable(person_name(pk)) from error
    look = Look(SENDER, person_name(pk), NUMBER, SEND, None, UNTOLD)
    with transaction.atomic():
        access.record(look, refusal="", now=now, ground=ground)
    return told["phone"], words


def _place(pk: int) -> Place:
    return Place("engine_message", "sealed", pk)
