"""Make a small installation: ``python -m tests.browser.installing``; prints one line of JSON.

The invented district, the last hours of its past with everything that followed, and for each story
a place of its own on the river, where a stay of three seconds is too long, with a boat beside it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import shapely
from django.core.management import call_command

from zhizhi.config.boot import boot

TOKEN = "browser-source-token"
PASSWORD = "river-lantern-7-boats"
SECRET = "MEQHGZLDOJSXIIDPMYQDEMBAMJ4XIZLT"  # of the app of who has one
TOLD = (
    "桥下有两个人用鱼竿钓鱼。",
    "第三根灯柱旁",
    "韦小河",
)  # what a resident saw, where, the name
ASKED = (
    "结案后又有人报告同一处，需要回访。",
    "报告人称有小孩落水，电话中断。",
)  # why access was asked for
APPEALED = "我家就住在河边，那天在院子里晒衣服。"
OBJECTED = "我不明白为什么要打印我的话。"
LOOKED_AT = "当晚值班回访，已与排班表核对。"  # what a review of looks found
ROUTED = """\
rules:
  - code: river-anglers
    name: 江边垂钓
    order: 10
    when: {category: illegal-fishing, severity: [important, urgent], working_time: no}
    to: {agency: police, level: town, team: grid_worker}
    then: rest
  - {code: rest, name: 其余事件, order: 9000}
"""
PLACES = (
    "loop",
    "race",
    "plain",
    "away",
    "quiet",
    "screen",
)  # a story's place and its boat's account
SIDE = 0.004  # degrees
LIMIT_MINUTES = 0.05
PAST = timedelta(minutes=100)
HOLD_S = 20  # within which a story comes to the undoing, however busy the machine
LATENESS_S = 8  # a stay is posted whole when it is over: its first row is four seconds old
SETTINGS = {
    "fishery.lateness_seconds": LATENESS_S,
    "engine.hold_seconds": HOLD_S,
    # Who is seen no more has left after this time, which closes the case: not amid a story.
    "fishery.gap_seconds": 7200,
    "residents.draft_minutes": 1440,
}


def main() -> int:
    """Migrate, settle, play the past, and mark the places."""
    boot()
    call_command("migrate", verbosity=0)

    from django.utils import timezone

    from zhizhi.config.demo import history, observing, settling
    from zhizhi.engine import dispatching, settings_in_force, trials
    from zhizhi.engine.models import Case, Source, Task
    from zhizhi.engine.system import system_named
    from zhizhi.kernel.district import build
    from zhizhi.systems.fishery.models import Violation

    now = timezone.now()
    district = build()
    settling.settle(district, now=now - PAST)
    feeds = observing.opening(district, observing.Plan(now - PAST, now))
    history.replay(feeds, since=now - PAST, until=now, tell=lambda _done: None)
    for task in Task.everything.filter(state=Task.State.OFFERED, unit__isnull=False):
        # An offer that expires goes to the next boat, which may be one of the stories'.
        dispatching.cancel_task(task, reason="退场", by="worker", now=now)
    for key, value in SETTINGS.items():
        settings_in_force.change(key, value, by="worker", now=now)
    Source.objects.create(
        code="browser", name="浏览器试验", kind="http_push",
        streams=["shore_positions.v1", "tag_sightings.v1"],
        token_digest=hashlib.sha256(TOKEN.encode()).hexdigest(),
    )  # fmt: skip
    _figures(now)
    violation = Violation.everything.filter(photos__masked_at=None).latest("pk")
    rule = system_named("fishery").detectors()[0]
    tried = {"fishery.limit_minutes": 20}
    trial = trials.ask(rule, tried, since=now - PAST, until=now, by="worker", now=now)
    trials.run_next(now)
    _routing(now)
    found = {
        "places": {**_places(now), "street": _street(now)},
        "case": Case.everything.latest("pk").pk,
        "violation": violation.pk,
        **_passes(now),
        "trial": trial.pk,
        "photo": violation.photos.get().pk,
        "handled": _handled(now),
        **_residents(now),
    }
    print(json.dumps(found | _appeals(found["held"], now) | {"entered": _entered(now)}))
    return 0


def _routing(now: datetime) -> None:
    """Let an administrator draft routing rules, which wait for a leader."""
    from zhizhi.directory.models import Account
    from zhizhi.engine.routing_rules import keeping

    who = Account.objects.get(username="administrator")
    keeping.draft(ROUTED, "江边事件归镇街牵头。", seen=1, by=who, now=now)


def _passes(now: datetime) -> dict[str, str]:
    """Give the district a wall and a program that reads; returns the secrets of both."""
    from zhizhi.directory import walls
    from zhizhi.directory.models import Area, WallPass

    root = Area.objects.in_force().get(kind="district")
    day, use = now + timedelta(days=1), WallPass.Use.PROGRAMS
    _row, wall = walls.issue("试验大屏", root, expires_at=None, by="worker", now=now)
    _row, programs = walls.issue("试验程序", root, expires_at=day, by="worker", now=now, use=use)
    return {"wall": wall, "programs": programs}


def _figures(now: datetime) -> None:
    """Publish two months that nobody counted; some of their numbers are withheld."""
    from zhizhi.directory.models import Area
    from zhizhi.engine import publishing
    from zhizhi.engine.models import FigureRelease
    from zhizhi.engine.publishing import ELSEWHERE

    towns = Area.objects.in_force().filter(kind="town").order_by("path")
    places = [*towns.values_list("name", flat=True)[:3], ELSEWHERE]
    numbers = [[None, None, 91], [None, None, 132], [80, 95, 175], [0, 11, 11], [212, 197, 409]]
    this = now.date().replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    for month in ((last - timedelta(days=1)).replace(day=1), last):
        release = FigureRelease(
            month=month, least=10, places=places, numbers=numbers,
            kinds=["illegal-fishing", "resident-report"],
        )  # fmt: skip
        publishing.publish(release, now=now)


def _residents(now: datetime) -> dict[str, Any]:
    """Let residents write, send and follow: one browser each, known by its cookies."""
    from tests.district_world import photo
    from zhizhi.directory.models import Area
    from zhizhi.engine import closing, reporting, unfinished
    from zhizhi.web.residents import drafts

    community = Area.objects.in_force().filter(kind="community").order_by("path")[0]
    at = {"lon": community.lon, "lat": community.lat, "by": "list", "accuracy_m": 300.0,
          "name": community.name}  # fmt: skip
    telling, place, name = TOLD
    answers = {
        "kind": {"kind": "fishery.angling"},
        "telling": {"telling": telling},
        "where": {"place": place, "at": at},
        "when": {"when": "now", "day": "", "time": "", "occurred_at": now.isoformat()},
        "photo": {},
        "contact": {"way": "reachable", "name": name, "phone": "12012345678",
                    "consent": "contact@2"},
        "mark": {**at, "by": "map"},
    }  # fmt: skip
    writing, second = drafts.begin(now), drafts.begin(now)
    for draft in (writing, second):
        draft.answers |= answers
        draft.photo = photo()
        unfinished.keep(draft, within=drafts.life(), now=now)
    reported = reporting.file_report(drafts.report_of(second), now=now)
    second.answers = {drafts.SENT: reported.report.pk, "secret": reported.secret}
    unfinished.keep(second, within=drafts.life(), now=now)
    third = drafts.begin(now)
    third.answers |= {**answers, "contact": {"way": "anonymous"}}
    ended = reporting.file_report(drafts.report_of(third), now=now).report
    closing.dismiss(ended.case, reason="没有发现", by="worker", now=now)
    bound = _bound(now)
    return {
        "report": ended.pk,
        "agreed": reported.report.pk,
        "reported": reported.report.case_id,
        "claim": _looked_at(ended, now),
        **_granted(reported.report, now),
        "guardianship": bound[1], "bound": bound[0], **_enrolled(bound[0], now),
        "look_review": _watched(reported.report, now),
        "held": {
            "writing": {drafts.COOKIE: writing.token},
            "sent": {drafts.COOKIE: second.token},
            "following": _session([ended.pk, reported.report.pk]),
            "guarding": _session(guardianships=bound[:1]),
        },
    }  # fmt: skip


def _appeals(held: dict[str, dict[str, str]], now: datetime) -> dict[str, Any]:
    """Let somebody appeal against one alert, and other browsers hold a code and a circle."""
    from tests.browser import circles
    from zhizhi.engine import appealing
    from zhizhi.engine.models import Alert, Case

    ended = Alert.everything.filter(case__state__in=Case.FINAL).order_by("-found_at")
    first, second = ended.select_related("case")[:2]
    held["circling"] = circles.settle(now)
    made = appealing.appeal(first, "resident", words=APPEALED, now=now)
    held["appealing"] = _session(appeals=[second.pk])
    return {"appeal": made.pk, "appealed": second.pk}


def _session(
    reports: Sequence[int] = (), appeals: Sequence[str] = (), guardianships: Sequence[int] = ()
) -> dict[str, str]:
    """Return the cookie of a browser that has shown the codes of these."""
    from django.conf import settings
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session["reports"], session["appeals"] = list(reports), list(appeals)
    session["guardianships"] = list(guardianships)
    session.save()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key)}


def _looked_at(report: Any, now: datetime) -> int:
    """Let people look at a report, and its reporter object to one look; returns the objection."""
    from django.db import transaction

    from zhizhi.engine import claiming
    from zhizhi.trust import access
    from zhizhi.trust.access import Look, Post

    subject, post = f"report:{report.pk}", Post("operator", f"area:{report.case.area_path}")
    looks = [
        (Look("account:1", subject, ("telling", "place"), "handle-case", None, post), ""),
        (Look("account:1", subject, ("telling",), "case-file", None, post), ""),
        (Look("account:1", subject, ("name", "phone"), "", None, post), "no-purpose"),
    ]
    with transaction.atomic():
        rows = [access.record(look, refusal=refusal, now=now) for look, refusal in looks]
    return claiming.object_to(report, rows[1].pk, reason=OBJECTED, now=now).pk


def _bound(now: datetime) -> tuple[int, int]:
    """Bind a guardian, whose ward somebody looked at, and let another one wait."""
    from zhizhi.directory import binding, people
    from zhizhi.directory.binding import Proposal
    from zhizhi.directory.models import Account
    from zhizhi.directory.people import PersonalData
    from zhizhi.trust.access import Post
    from zhizhi.trust.grounds import TAGS

    operator, inspector = (Account.objects.get(username=who) for who in ("operator", "inspector"))
    row = _confirmed("沈玉兰", "沈启明", "12000000032", ("name", "phone", TAGS), now)
    post = Post("inspector", f"area:{row.area_path}")
    people.open_to_check(row.ward, actor=f"account:{inspector.pk}", post=post, now=now)
    until = row.until_at
    other = Proposal(PersonalData("沈桂兰"), row.guardian, "relative", "community", until)
    return row.pk, binding.propose(other, area_path=row.area_path, by=operator, now=now).pk


def _confirmed(ward: str, guardian: str, phone: str, data: Sequence[str], now: datetime) -> Any:
    """Bind a guardian, who agrees to the use of ``data``."""
    from zhizhi.directory import binding, guarding
    from zhizhi.directory.binding import Proposal
    from zhizhi.directory.models import Account
    from zhizhi.directory.people import PersonalData
    from zhizhi.trust.grounds import BRING_HOME

    operator, inspector = (Account.objects.get(username=who) for who in ("operator", "inspector"))
    [path] = operator.roles.values_list("area__path", flat=True)
    until = now + timedelta(days=300)
    new = Proposal(PersonalData(ward), PersonalData(guardian, phone), "child", "kinship", until)
    row = binding.propose(new, area_path=path, by=operator, now=now)
    guarding.confirm(row, by=inspector, now=now)
    guarding.agree(row, BRING_HOME, data, text="bring-home@2", now=now)
    return row


def _enrolled(bound: int, now: datetime) -> dict[str, int]:
    """Enrol two wards, whose guardians walk along; of the second the guardian says: missing."""
    from zhizhi.directory.models import Area, Guardianship
    from zhizhi.kernel.solitude import Answer
    from zhizhi.systems.guardian import answering, enrolling, placing, tagging
    from zhizhi.systems.guardian.enrolling import Habit
    from zhizhi.systems.guardian.placing import Spot
    from zhizhi.trust.grounds import TAGS

    area = Area.objects.in_force().filter(kind="community").order_by("path")[0]
    placing.place("R-1", Spot("菜市场东门", area.lon, area.lat), by="worker", now=now)
    first = Guardianship.everything.get(pk=bound)
    second = _confirmed("沈春生", "沈秋禾", "12000000033", (TAGS,), now)
    rows = [
        enrolling.enrol_ward(
            bond, by=f"account:{bond.proposed_by_id}", now=now, habit=Habit(None, [area]),
            assent="agrees", is_beside=True,
        )
        for bond in (first, second)
    ]  # fmt: skip
    for number, bond in enumerate((first, second), 1):
        tagging.bind(bond.ward, f"ward-{number}", "bracelet", by="worker", now=now)
    tagging.bind(first.guardian, "guardian-1", "beacon", by="worker", now=now)
    _read("ward-2", now)
    answering.answer(second, Answer.MISSING, asked=None, now=now)
    _judge(now + timedelta(seconds=20))
    rows[1].refresh_from_db(from_queryset=enrolling.Enrolment.everything.all())
    return {"enrolment": rows[0].pk, "lost": int(rows[1].case_id or 0)}


def _read(tag: str, now: datetime) -> None:
    """Let the reader have read a tag."""
    from zhizhi.engine import intake, reading
    from zhizhi.engine.models import Source
    from zhizhi.kernel.streams import stream_named

    stream, source = "tag_sightings.v1", Source.objects.get(code="browser")
    rows = [{"tag": tag, "reader": "R-1", "observed_at": now.isoformat()}]
    read = reading.reader().read(stream_named(stream), rows, arrival_at=now)
    intake.append([intake.Envelope(source, stream, read, tag, tag, now)], now=now)


def _judge(now: datetime) -> None:
    """Let every rule see what has arrived."""
    from zhizhi.engine import intake
    from zhizhi.engine.detecting import Runner

    intake.heartbeat(now=now, passed=0)
    runner = Runner()
    runner.run_through(now)
    runner.release(now=now)


def _granted(report: Any, now: datetime) -> dict[str, int]:
    """Let the operator ask to look at a reporter, and open the data in an emergency."""
    from zhizhi.directory import granting
    from zhizhi.directory.granting import Kind, Wanted
    from zhizhi.directory.models import Account

    operator, day = Account.objects.get(username="operator"), timedelta(days=1)
    of = (f"person:{report.person_id}",)
    more = (("name", "phone"), report.case_id, report.case.area_path)
    asked = Wanted(Kind.LOOK, *of, "ask-reporter", ASKED[0], *more)
    danger = Wanted(Kind.LOOK, *of, "save-life", ASKED[1], *more)
    grant = granting.ask(asked, by=operator, within=day, span=day, now=now)
    opened = granting.break_glass(danger, by=operator, span=day, review_within=day, now=now)
    return {"grant": grant.pk, "emergency": opened.pk}


def _watched(report: Any, now: datetime) -> int:
    """Let the operator look people up until the auditor has to ask; returns the review.

    A second one, of a look drawn at random, is decided.
    """
    from django.db import transaction
    from django.utils import timezone

    from zhizhi.directory import look_reviews
    from zhizhi.directory.look_reviews import Found
    from zhizhi.directory.models import Account, LookReview
    from zhizhi.engine import lookups
    from zhizhi.engine.granting import CaseInHand
    from zhizhi.engine.local_time import midnight
    from zhizhi.trust import access
    from zhizhi.trust.access import Look

    by, day = Account.objects.get(username="operator"), timezone.localtime(now).date()
    begin, case = midnight(day - timedelta(days=3)), CaseInHand.of(report.case)
    with transaction.atomic():
        looks = [
            access.record(
                Look(f"account:{by.pk}", f"person:{9000 + n}", ("phone",), "ask-reporter", case),
                refusal="", now=begin + timedelta(hours=9, minutes=20 * n),
            )
            for n in range(18)
        ]  # fmt: skip
        drawn = {"root": "5f" * 32, "size": 412, "looks": 96, "drawn": 5}
        found = Found(look_reviews.Kind.RANDOM, by, begin.date(), drawn, looks[0].pk)
        row = look_reviews.begin(found, due_at=now, now=now)
    auditor = Account.objects.get(username="auditor")
    look_reviews.decide(row, LOOKED_AT, is_explained=True, by=auditor, now=now)
    while lookups.watch(now):
        pass
    return LookReview.everything.get(kind="unusual", account=by).pk


def _entered(now: datetime) -> dict[str, str]:
    """Let people with a password come to the door: with and without a factor, and one goes in."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from tests.software_key import SoftwareKey
    from zhizhi.directory import accounts, backends, passkeys, second_factor
    from zhizhi.directory.models import Account, Area
    from zhizhi.directory.tests.authenticating import app_code
    from zhizhi.web import entering

    def person(username: str, call_sign: str, factors: str = "") -> Account:
        made = accounts.create_account(
            username, PASSWORD, call_sign=call_sign, by="worker", now=now
        )
        root = Area.objects.in_force().get(kind="district")
        accounts.grant(made, "operator", area=root, by="worker", now=now)
        if "app" in factors:
            code = app_code(SECRET, now)
            second_factor.add_app(made, SECRET, code, is_first=True, now=now)
        if "key" in factors:
            asked, key = _asking(), SoftwareKey()
            answer = key.make(passkeys.ask_new(asked, made))
            passkeys.keep(asked, made, answer, is_first=False, now=now)
        return made

    inside, own = _asking().session, person("guarded", "试验二席", "app key")
    inside[SESSION_KEY], inside[BACKEND_SESSION_KEY] = str(own.pk), backends.SECOND_FACTOR
    inside[HASH_SESSION_KEY] = own.get_session_auth_hash()
    inside[entering.PROVED_AT] = (now + timedelta(days=1)).isoformat()
    inside.save()
    person("stranger", "试验三席")  # these two are there for stories that change them
    person("beginner", "试验六席")
    return {
        "door": _at_the_door(own, now),
        "newcomer": _at_the_door(person("newcomer", "试验四席"), now),
        "codes": _at_the_door(person("coded", "试验五席", "app"), now, has_codes=True),
        "guarded": str(inside.session_key),
    }


def _at_the_door(account: Any, now: datetime, *, has_codes: bool = False) -> str:
    from zhizhi.web import entering

    asked = _asking()
    entering.knock(asked, account, next_page="/desk/", now=now + timedelta(days=1))
    if has_codes:
        entering.has_set_up(asked, account)
    asked.session.save()
    return str(asked.session.session_key)


def _asking() -> Any:
    from django.contrib.sessions.backends.db import SessionStore
    from django.test import RequestFactory

    made = RequestFactory().post("/sign-in/", headers={"host": "localhost"})
    made.session = SessionStore()
    made.session.create()
    return made


def _handled(now: datetime) -> list[int]:
    """Give the two grid workers of the account "rain" a task each, at which they have arrived.

    Returns the cases; whoever works on foot and cannot dissuade is sent nowhere else.
    """
    from tests.district_world import photo
    from zhizhi.directory import accounts
    from zhizhi.directory.models import Area, Unit
    from zhizhi.engine import dispatching, patrolling
    from zhizhi.engine.models import Case

    community = Area.objects.in_force().filter(kind="community").order_by("path")[1]
    account = accounts.create_account(
        "rain", None, call_sign="雨中网格员", is_demo=True, by="worker", now=now
    )
    cases = []
    for number in (1, 2):
        worker = Unit.objects.create(
            code=f"G9{number}", name=f"试验网格员{number}", kind="grid_worker", area=community,
            capabilities=[], lon=community.lon, lat=community.lat, position_at=now,
        )  # fmt: skip
        accounts.grant(account, "unit_member", area=community, unit=worker, by="worker", now=now)
        case = Case.everything.create(
            key=f"rain-{number}", kind="resident-report", system="engine", severity="important",
            area=community, area_path=community.path, lon=community.lon, lat=community.lat,
            opened_at=now, changed_at=now,
        )  # fmt: skip
        task = dispatching.dispatch(case, worker, by="worker", now=now - timedelta(minutes=1))
        dispatching.accept(task, by=f"account:{account.pk}", now=now)
        dispatching.arrive(task, by=f"account:{account.pk}", now=now)
        cases.append(case.pk)
        told = {"by": f"account:{account.pk}", "now": now, "key": "first", "note": "井盖完好"}
        seen = patrolling.Sighting(community.lon, community.lat, 12.0, timedelta(seconds=4))
        patrolling.check_in(worker, seen, **told, photo=photo())
    return cases


def _places(now: datetime) -> dict[str, Any]:
    """Mark a square of water for each story and give it a boat that nobody else needs."""
    from zhizhi.directory import accounts
    from zhizhi.directory.models import Unit
    from zhizhi.engine import zoning

    first = Unit.objects.select_related("area").get(code="RB001")
    root = f"/{first.area.path.split('/')[1]}/"
    drafts, places = [], {}
    for number, key in enumerate(PLACES, 1):
        west, south = first.lon + SIDE * 2 * number, first.lat
        lon, lat = west + SIDE / 2, south + SIDE / 2
        box = shapely.to_wkb(shapely.box(west, south, west + SIDE, south + SIDE))
        drafts.append(
            zoning.ZoneDraft(
                key=key, kind="no_fishing", name=f"试验水域{number}", boundary=box,
                area_path=root, parameters={"limit_minutes": LIMIT_MINUTES},
            )
        )  # fmt: skip
        boat = Unit.objects.create(
            code=f"T{number:03}", name=f"试验艇{number}", kind=first.kind, area=first.area,
            agency=first.agency, capabilities=first.capabilities, lon=lon, lat=lat,
            speed_kmh=first.speed_kmh, position_at=now,
        )  # fmt: skip
        account = accounts.create_account(
            key, None, call_sign=boat.name, is_demo=True, by="worker", now=now
        )
        accounts.grant(account, "unit_member", area=first.area, unit=boat, by="worker", now=now)
        places[key] = {"lon": lon, "lat": lat, "zone": f"试验水域{number}", "boat": boat.name}
    zoning.save(drafts, by="worker", now=now)
    return places


def _street(now: datetime) -> dict[str, Any]:
    """Give a community in which residents report something a team that stands in its middle."""
    from zhizhi.directory import accounts
    from zhizhi.directory.models import Area, Unit

    first = Unit.objects.get(code="RB001")
    place = Area.objects.in_force().filter(kind="community").order_by("path").last()
    assert place is not None
    team = Unit.objects.create(
        code="T900", name="试验队", kind=first.kind, area=place, agency=first.agency,
        capabilities=first.capabilities, lon=place.lon, lat=place.lat, speed_kmh=first.speed_kmh,
        position_at=now,
    )  # fmt: skip
    account = accounts.create_account(
        "street", None, call_sign=team.name, is_demo=True, by="worker", now=now
    )
    accounts.grant(account, "unit_member", area=place, unit=team, by="worker", now=now)
    return {"lon": place.lon, "lat": place.lat, "zone": place.name, "boat": team.name}


if __name__ == "__main__":
    sys.exit(main())
