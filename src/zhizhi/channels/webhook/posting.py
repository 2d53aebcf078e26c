"""Telling other systems: one signed POST a message, safe to receive twice."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from zhizhi.channels import signing
from zhizhi.channels.webhook.addresses import AddressRefused, AddressUnknown, public_address
from zhizhi.engine.delivering import DeliveryFailed, Receipt
from zhizhi.engine.models import Subscriber

if TYPE_CHECKING:
    from zhizhi.engine.models import Message

POLICY = _("At least once: the receiver recognises a repeated request by its id.")
PASSING = frozenset({408, 425, 429})  # refusals that may pass


@dataclass(frozen=True, slots=True)
class Webhook:
    """The channel "webhook"; the recipient is a subscriber's code."""

    code: str = "webhook"
    policy: Any = POLICY
    is_local: bool = False
    is_shared: bool = False
    lease: timedelta = timedelta(seconds=30)
    attempts: int = 12
    timeout_s: float = 5.0

    def send(self, message: Message) -> Receipt:
        """Post the message as a CloudEvents 1.0 envelope; raises DeliveryFailed."""
        subscriber = Subscriber.objects.filter(code=message.recipient, is_active=True).first()
        if subscriber is None:
            reason = f"no active subscriber is called {message.recipient}"
            raise DeliveryFailed(reason, permanent=True)
        try:
            host, address = public_address(subscriber.url, allowed=settings.WEBHOOK_ALLOWED)
        except AddressRefused as error:
            raise DeliveryFailed(str(error), permanent=True) from error
        except AddressUnknown as error:
            raise DeliveryFailed(str(error)) from error
        body = envelope(message)
        headers = {
            "Host": urlsplit(subscriber.url).netloc.rpartition("@")[2],
            "Content-Type": "application/cloudevents+json",
            **signing.sign(subscriber.secret, body, at=int(time.time())),
        }
        request = httpx.Request(
            "POST",
            pinned(subscriber.url, address),
            content=body,
            headers=headers,
            extensions={"sni_hostname": host},
        )
        return self._post(request)

    def _post(self, request: httpx.Request) -> Receipt:
        try:
            status = asyncio.run(self._status(request))
        except TimeoutError as error:
            reason = f"no answer within {self.timeout_s:g} s"
            raise DeliveryFailed(reason) from error
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}"
            raise DeliveryFailed(reason) from error
        if httpx.codes.is_success(status):
            return Receipt(reference=str(status), is_delivered=True)
        may_pass = status >= httpx.codes.INTERNAL_SERVER_ERROR or status in PASSING
        reason = f"the receiver answered {status}"
        raise DeliveryFailed(reason, permanent=not may_pass)

    async def _status(self, request: httpx.Request) -> int:
        """Return the answer's status and leave its body unread.

        The time limit holds for all of it: a receiver that sends a byte now and then never runs
        into the limits on single reads.
        """
        client = httpx.AsyncClient(timeout=self.timeout_s, trust_env=False)
        async with asyncio.timeout(self.timeout_s), client:
            answer = await client.send(request, stream=True, follow_redirects=False)
            await answer.aclose()
            return answer.status_code


def pinned(url: str, address: str) -> str:
    """Return ``url`` with its name replaced by the address that was checked."""
    parts = urlsplit(url)
    host = f"[{address}]" if ":" in address else address
    netloc = f"{host}:{parts.port}" if parts.port else host
    return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))


def envelope(message: Message) -> bytes:
    """Return the body: CloudEvents 1.0 in JSON, whose ``id`` stays the same on every retry."""
    event = {
        "specversion": "1.0",
        "id": message.key,
        "source": "zhizhi",
        "type": message.template.partition("@")[0],
        "time": message.queued_at.isoformat(),
        "datacontenttype": "application/json",
        "data": message.payload,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
