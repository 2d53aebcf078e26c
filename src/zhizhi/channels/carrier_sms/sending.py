"""Text messages by token: the house sends a pseudonym and words, the operator knows the number.

Whoever left the own number in the vault is sent words by number; both are opened for the send.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from zhizhi.channels import signing
from zhizhi.directory import texting
from zhizhi.engine import wording
from zhizhi.engine.delivering import DeliveryFailed, Receipt

if TYPE_CHECKING:
    from zhizhi.engine.models import Message

POLICY = _(
    "Accepted once: every try carries the same key, and after an unclear answer the gateway is"
    " asked before anything is sent again."
)


TIMEOUT_S = 3.0


@cache
def client() -> httpx.Client:
    """Return this process's connection to the gateway."""
    return httpx.Client(timeout=TIMEOUT_S, trust_env=False)


@dataclass(frozen=True, slots=True)
class CarrierSms:
    """The channel "carrier_sms"; the recipient is "token:8123", or "person:7" of the vault."""

    code: str = "carrier_sms"
    policy: Any = POLICY
    is_local: bool = False
    is_shared: bool = True
    lease: timedelta = timedelta(seconds=20)
    attempts: int = 50
    timeout_s: float = TIMEOUT_S

    def send(self, message: Message) -> Receipt:
        """Hand the message over, or learn that it was taken already; raises DeliveryFailed."""
        scheme, _colon, who = message.recipient.partition(":")
        if scheme not in {"token", "person"} or not who:
            raise DeliveryFailed("the recipient is not a token", permanent=True)
        if message.attempts > 1:
            taken = self._ask(message.key)
            if taken is not None:
                return taken
        told = _opened(message, who) if scheme == "person" else {
            "token": who, "text": self._words(message)
        }  # fmt: skip
        answer = self._call("POST", "/messages", {"key": message.key, **told})
        if answer.status_code in {httpx.codes.OK, httpx.codes.CREATED}:
            return _receipt(answer)
        raise _refusal(answer)

    def _words(self, message: Message) -> str:
        try:
            return wording.words_of(message)
        except wording.TemplateUnfit as error:
            raise DeliveryFailed(str(error), permanent=True) from error

    def _ask(self, key: str) -> Receipt | None:
        """Return the receipt of a message that the gateway has; None when it has not."""
        answer = self._call("GET", f"/messages/{key}", None)
        if answer.status_code == httpx.codes.OK:
            return _receipt(answer)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        raise _refusal(answer)

    def _call(self, method: str, path: str, content: dict[str, str] | None) -> httpx.Response:
        body = json.dumps(content, ensure_ascii=False).encode() if content else b""
        signed = body or path.encode()
        headers = signing.sign(settings.CARRIER_SECRET, signed, at=int(time.time()))
        try:
            return client().request(
                method, f"{settings.CARRIER_URL}{path}", content=body, headers=headers
            )
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}"
            raise DeliveryFailed(reason) from error


def _opened(message: Message, who: str) -> dict[str, str]:
    """Return number and words of a message to somebody of the vault, while they still count."""
    now, until = timezone.now(), parse_datetime(str(message.payload.get("until", "")))
    if until is None or now >= until:
        raise DeliveryFailed("its time is over", permanent=True)
    try:
        phone, text = texting.open_to_send(int(who), str(message.payload.get("sealed")), now=now)
    except (texting.NotSendable, ValueError) as error:
        raise DeliveryFailed("the recipient is there no more", permanent=True) from error
    return {"phone": phone, "text": text}


def _receipt(answer: httpx.Response) -> Receipt:
    try:
        return Receipt(reference=str(answer.json()["id"])[:128])
    except (ValueError, KeyError, TypeError) as error:
        raise DeliveryFailed("the gateway's answer cannot be read") from error


def _refusal(answer: httpx.Response) -> DeliveryFailed:
    """Only a message that the gateway itself calls impossible is given up.

    Its words are not kept: the operator knows the number and might repeat it in them.
    """
    reason = f"the gateway answered {answer.status_code}"
    impossible = {httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.GONE}
    return DeliveryFailed(reason, permanent=answer.status_code in impossible)
