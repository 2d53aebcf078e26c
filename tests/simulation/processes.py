"""The processes of an installation, each with a connection and a memory that die with it."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import random
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from PIL import Image

from tests.simulation.plan import MISTAKEN, REWORKED, STREAM, Post
from tests.simulation.striking import Struck
from zhizhi.config import working
from zhizhi.directory.models import Unit
from zhizhi.engine import closing, delivering, dispatching, reading
from zhizhi.engine.committing import GroupCommitter
from zhizhi.engine.detecting import Runner
from zhizhi.engine.intake import Envelope, KeyReused, Receipt
from zhizhi.engine.models import Case, Message, Source, Task
from zhizhi.engine.states import StateConflict
from zhizhi.kernel.streams import stream_named
from zhizhi.web.field import filing

if TYPE_CHECKING:
    from tests.simulation.playing import World

RESTART_S = (0.5, 4.0)
Step = Callable[[], object]


class Process:
    """A process by name: started again a little after it died, with nothing in its memory."""

    def __init__(self, name: str, host: str, world: World) -> None:
        self.name, self.host, self.world = name, host, world
        self.pid, self.is_down, self.is_still, self.starts_at = 0, True, False, world.clock.at

    def start(self) -> None:
        self.is_down = False
        self.pid = next(self.world.pids)
        self.connection = self.world.connect(self)
        self.begin()

    def begin(self) -> None:
        """Make what the process keeps in its memory."""

    def steps(self) -> dict[str, Step]:
        """Return what it does again and again, by name."""
        raise NotImplementedError

    def check_alive(self) -> None:
        if self.is_down:
            raise Struck

    def die(self) -> None:
        """End at this point: what is not committed is gone."""
        self.is_down = True
        self.connection.cut()
        pause = self.world.chance.uniform(*RESTART_S)
        self.starts_at = self.world.clock.at + timedelta(seconds=pause)
        raise Struck

    def end(self) -> None:
        """Let go of the database at the end of the play."""
        if self.pid:
            self.connection.cut()


class _NoThread:
    """Says that the writer runs: here the scheduler is the writer."""

    def is_alive(self) -> bool:
        return True


class Stepped(GroupCommitter):
    """The product's committer without its thread."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock=clock)
        self._thread = _NoThread()  # type: ignore[assignment]

    def step(self) -> None:
        group = self._next_group()
        if group:
            self._commit(group)


class Door(Process):
    """Takes posts in; their senders stand outside and send again until they are answered."""

    def begin(self) -> None:
        self.committer = Stepped(lambda: self.world.clock.at)

    def steps(self) -> dict[str, Step]:
        return {"take": self.take}

    def take(self) -> None:
        """Take what is due, commit it as one group, and answer."""
        posts = self.world.senders.due()
        if posts:
            reading.forget()
            source = Source.objects.get(code="shore")
            offered = [(post, self.offer(self._envelope(source, post))) for post in posts]
            self.committer.step()
            for post, future in offered:
                self.world.senders.hear(post, *_outcome(future))

    def offer(self, envelope: Envelope) -> Future[Receipt]:
        return self.committer.submit(envelope)

    def _envelope(self, source: Source, post: Post) -> Envelope:
        now = self.world.clock.at
        body = hashlib.sha256(json.dumps(post.rows).encode()).hexdigest()
        found = reading.reader().read(stream_named(STREAM), post.rows, arrival_at=now)
        return Envelope(source, STREAM, found, post.key, body, now)


def _outcome(future: Future[Receipt]) -> tuple[Receipt | None, bool]:
    """Return the receipt, if there is one, and whether the key was used for something else."""
    error = future.exception() if future.done() else None
    if error is not None or not future.done():
        return None, isinstance(error, KeyReused)
    return future.result(), False


class Worker(Process):
    """Detects, fires timers and sends; each of its parts is a step."""

    def begin(self) -> None:
        self.runner = Runner(is_live=True)
        self.parts = working._parts()

    def steps(self) -> dict[str, Step]:
        return {"detect": self.detect, **self.parts}

    def detect(self) -> None:
        told = self.runner.step(self.world.clock.at)
        late = [f"{told.late} rows came late"] if told.late else []
        failed = [text for text in told.failures.values() if "leaves it alone" not in text]
        self.world.complaints += [*late, *failed]


class Desk(Process):
    """The web pages: receipts of the gateway, operators, crews and the inspector, in turn."""

    def steps(self) -> dict[str, Step]:
        return {"receipts": self.receipts, "act": self.act}

    def receipts(self) -> None:
        """Take what the gateway reports; it reports until it was answered."""
        gateway = self.world.gateway
        keys = gateway.ledger.without_receipt(5)
        for key in keys:
            delivering.confirm(key, is_delivered=True, reason="", now=self.world.clock.at)
        gateway.ledger.told(keys, at=0.0)

    def act(self) -> None:
        """Do the first thing that somebody would do now; who is too late leaves it."""
        now = self.world.clock.at
        tasks = Task.everything.filter(state__in=Task.LIVE, unit__isnull=False)
        for task in tasks.select_related("unit", "case").order_by("pk"):
            if self._tried(partial(self._crew, task, now)):
                return
        for case in Case.everything.exclude(state__in=Case.FINAL).order_by("pk"):
            if self._tried(partial(self._operator, case, now)):
                return

    def _tried(self, deed: Callable[[], bool]) -> bool:
        try:
            return deed()
        except (StateConflict, dispatching.NoUnitFits):
            return True

    def _habit(self, case: Case) -> str:
        return next(one.habit for one in self.world.plan.people if one.token == case.subject)

    def _crew(self, task: Task, now: datetime) -> bool:
        """Accept, arrive and report; one crew never answers and one gives its tasks back."""
        unit, by = task.unit, f"unit:{task.unit_id}"
        if unit is None or "deaf" in unit.code or self._habit(task.case) == MISTAKEN:
            return False
        if task.state == Task.State.OFFERED:
            shown = Message.everything.filter(task=task, state=Message.State.DELIVERED)
            if shown.exists():
                filing.step(task, "accept", by=by, now=now, told_at=None)
            return bool(shown)
        if "back" in unit.code:
            filing.give_back(task, reason="no fuel", by=by, now=now)
        elif task.state == Task.State.ACCEPTED:
            filing.step(task, "arrive", by=by, now=now, told_at=now)
        else:
            filing.report(_Draft(task, now), task, by=by, now=now)  # type: ignore[arg-type]
        return True

    def _operator(self, case: Case, now: datetime) -> bool:
        by, habit = "account:1", self._habit(case)
        is_open = case.state == Case.State.OPEN
        if case.state == Case.State.HANDLED:
            is_passed = habit != REWORKED or case.timeline.filter(verb="case.reject").exists()
            closing.inspect(case, is_passed=is_passed, by="account:9", now=now)
        elif habit == MISTAKEN and case.tasks.exists():
            closing.dismiss(case, reason="a ferryman", by=by, now=now)
        elif is_open and (habit == MISTAKEN or case.acknowledged_at):
            self._send(case, by=by, now=now)
        elif case.severity != "normal" and case.acknowledged_at is None:
            dispatching.acknowledge(case, by=by, now=now)
        else:
            return False
        return True

    def _send(self, case: Case, *, by: str, now: datetime) -> None:
        """Send a boat by hand; of a mistaken case the first is taken back once, if in time."""
        free = Unit.objects.filter(status=Unit.Status.AVAILABLE, code__startswith="boat-works")
        unit = free.order_by("pk").first()
        if unit is not None:
            task = dispatching.dispatch(case, unit, by=by, now=now)
            if self._habit(case) == MISTAKEN and case.tasks.count() == 1:
                dispatching.undo_dispatch(task, by=by, now=now)


class _Draft:
    """What a crew's phone sends, again and again under one key until it is answered."""

    def __init__(self, task: Task, now: datetime) -> None:
        photo = ContentFile(picture(), name="photo.png")
        self.cleaned_data = {
            "photo": photo, "voice": None, "note": "packed up", "key": f"report-{task.pk}",
            "outcome": "dissuaded", "device_at": now, "sent_at": now, "lon": 107.32, "lat": 29.62,
        }  # fmt: skip

    def told_at(self, now: datetime) -> datetime:
        return now


@cache
def picture() -> bytes:
    """Return a small photo."""
    out = io.BytesIO()
    Image.frombytes("RGB", (8, 8), random.Random(0).randbytes(192)).save(out, "PNG")
    return out.getvalue()


def numbers() -> itertools.count[int]:
    """Return the numbers of processes, none of them used again."""
    return itertools.count(100)
