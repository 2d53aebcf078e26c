"""Send the plan by HTTP until all is acknowledged, and keep outside what was acknowledged."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from tests.chaos.plan import FIXES, STREAM, TOKEN, Plan, Walk


@dataclass
class Acknowledged:
    """The ledger outside: for each key the offset that the house promised."""

    offsets: dict[str, int] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)  # what was said instead, how often
    tries: int = 0

    @property
    def newest(self) -> int:
        return max(self.offsets.values(), default=0)

    def add(self, key: str, offset: int) -> None:
        if self.offsets.setdefault(key, offset) != offset:
            self.contradictions.append(f"{key}: {self.offsets[key]} and then {offset}")


@dataclass
class Player:
    """Four senders; each envelope is repeated until it is acknowledged, some of them on purpose."""

    url: str
    seed: int
    pace_s: float
    acknowledged: Acknowledged = field(default_factory=Acknowledged)

    def play(self, plan: Plan) -> Acknowledged:
        chance = random.Random(self.seed)
        with httpx.Client(timeout=5, trust_env=False) as client, ThreadPoolExecutor(4) as senders:
            for number, wave in enumerate(plan.waves):
                started = time.monotonic()
                made = bodies(number, wave, datetime.now(UTC))
                repeats = [one for one in made if chance.random() < 0.2]
                chance.shuffle(made)
                jobs = [senders.submit(self._send, client, *one) for one in [*made, *repeats]]
                for job in jobs:
                    job.result()
                time.sleep(max(0.0, self.pace_s - (time.monotonic() - started)))
        return self.acknowledged

    def _send(self, client: httpx.Client, key: str, body: bytes) -> None:
        """Repeat one envelope under its key until the house has answered for it."""
        headers = {
            "Authorization": f"Bearer {TOKEN}",
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        }
        end = time.monotonic() + 600
        while time.monotonic() < end:
            self.acknowledged.tries += 1
            try:
                answer = client.post(
                    f"{self.url}/observations/{STREAM}", content=body, headers=headers
                )
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            if answer.status_code == httpx.codes.OK:
                self.acknowledged.add(key, answer.json()["offset"])
                return
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                message = f"{answer.status_code}: {answer.text}"
                raise RuntimeError(message)
            self.acknowledged.refusals[_said(answer)] += 1
            time.sleep(0.05)
        message = f"{key} was never acknowledged"
        raise RuntimeError(message)


def _said(answer: httpx.Response) -> str:
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return f"{answer.status_code} {answer.json()['message'] if is_json else answer.text[:60]}"


def bodies(number: int, wave: Sequence[Walk], now: datetime) -> list[tuple[str, bytes]]:
    """Return one envelope a fix, each with a row for everybody in the wave."""
    made = []
    for fix in range(FIXES):
        at = now - timedelta(seconds=FIXES - fix)
        rows = []
        for walk in wave:
            lon, lat = walk.place(fix)
            rows.append({"entity": walk.token, "observed_at": at.isoformat(), "lon": lon,
                         "lat": lat, "accuracy_m": 5.0})  # fmt: skip
        made.append((f"wave-{number}-{fix}", json.dumps(rows).encode()))
    return made
