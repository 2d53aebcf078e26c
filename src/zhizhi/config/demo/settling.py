"""Filling an empty installation with the invented district, its agencies, units and accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

import shapely
from django.db import transaction

from zhizhi.directory import accounts
from zhizhi.directory.drafting import AreaDraft, Handed
from zhizhi.directory.importing import import_areas
from zhizhi.directory.models import Account, Agency, Area, RoleAssignment, Team, Unit
from zhizhi.engine import macros, zoning
from zhizhi.engine.macros import MacroDraft, Step
from zhizhi.engine.models import Source, Zone
from zhizhi.engine.system import systems
from zhizhi.kernel.district import District
from zhizhi.systems.fishery.scenario import CAMERAS, SHORE, VESSELS
from zhizhi.web.places import draw_water

BY = "demo"
Role = RoleAssignment.Role

AGENCIES = {
    "centre": "区社会治理中心",
    "fishery": "渔政执法支队",
    "police": "公安分局",
    "procuratorate": "检察院",
    "grid": "网格管理办公室",
    "urban": "城市管理局",
    "environment": "生态环境局",
    "emergency": "应急管理局",
    "housing": "住房和城乡建设委员会",
    "market": "市场监督管理局",
    "justice": "司法局",
    "civil": "民政局",
}
SOURCES = {
    "ais-river": ("砚江 AIS 基站", "ais", [VESSELS]),
    "boat-trackers": ("渔船北斗终端", "http_push", [VESSELS]),
    "carrier-positions": ("运营商位置脱敏服务", "http_push", [SHORE]),
    "bank-cameras": ("岸线摄像头", "mqtt", [CAMERAS]),
}
TEAM_KINDS = {
    Team.Kind.COMMUNITY_MANAGER: "社区管理员队",
    Team.Kind.GRID_WORKER: "网格员队",
    Team.Kind.BUILDING_ATTENDANT: "楼栋服务员队",
    Team.Kind.CITY_ROAD_MANAGER: "城市管理员队",
    Team.Kind.EXCLUSIVE_MANAGER: "专属管理员队",
    Team.Kind.X_FORCE: "X 力量",
}
# username, call sign, role, agency code, unit code
ACCOUNTS = (
    ("operator", "值班长", Role.OPERATOR, "", ""),
    ("operator2", "值班员二席", Role.OPERATOR, "", ""),
    ("boat", "渔政艇001", Role.UNIT_MEMBER, "", "RB001"),
    ("car", "巡逻车001", Role.UNIT_MEMBER, "", "PC001"),
    ("fishery", "渔政内勤", Role.AGENCY_OFFICER, "fishery", ""),
    ("police", "公安内勤", Role.AGENCY_OFFICER, "police", ""),
    ("procuratorate", "检察官助理", Role.AGENCY_OFFICER, "procuratorate", ""),
    ("inspector", "核查员", Role.INSPECTOR, "", ""),
    ("technical", "技术审核员", Role.TECHNICAL_REVIEWER, "", ""),
    ("legal", "法制审核员", Role.LEGAL_REVIEWER, "", ""),
    ("administrator", "系统管理员", Role.ADMINISTRATOR, "", ""),
    ("security", "安全管理员", Role.SECURITY_ADMINISTRATOR, "", ""),
    ("auditor", "审计管理员", Role.AUDITOR, "", ""),
    ("leader", "区领导", Role.LEADER, "", ""),
)


def is_settled() -> bool:
    """Say whether the district is there already; accounts are made last."""
    return Account.objects.filter(username=ACCOUNTS[-1][0], is_demo=True).exists()


@transaction.atomic
def settle(district: District, *, now: datetime) -> None:
    """Write everything that stands still; all of it or nothing."""
    import_areas(as_handed(district), by=BY, now=now)
    areas = {area.code: area for area in Area.objects.in_force()}
    agencies = _agencies()
    teams = _teams(areas.values())
    units = _units(district, areas, agencies, teams, now)
    _zones(district, now)
    for code, (name, kind, streams) in SOURCES.items():
        Source.objects.create(code=code, name=name, kind=kind, streams=streams)
    for system in systems():
        if find_spec(f"{system.name}.seeding"):
            import_module(f"{system.name}.seeding").seed(now=now, by=BY)
    _accounts(areas, agencies, units, now)
    _macros(areas, agencies, now)
    draw_water(district.water)


def as_handed(district: District) -> Handed:
    """Return the district's areas as if somebody had handed them in."""
    drafts = [
        AreaDraft(
            row=number,
            kind=area.kind,
            code=area.code,
            name=area.name,
            parent=area.parent,
            boundary=shapely.to_wkb(area.geometry),
            lon=area.lon,
            lat=area.lat,
            population=area.population,
        )
        for number, area in enumerate(district.areas, start=1)
    ]
    return Handed(drafts, [])


def _agencies() -> dict[str, Agency]:
    Agency.objects.bulk_create(Agency(code=code, name=name) for code, name in AGENCIES.items())
    return {agency.code: agency for agency in Agency.objects.all()}


def _teams(areas: Iterable[Area]) -> dict[int, Team]:
    """Make the five teams and the X force of each town; returns the grid workers' by town."""
    towns = [area for area in areas if area.kind == Area.Kind.TOWN]
    Team.objects.bulk_create(
        Team(code=f"{town.code[6:9]}-{kind}", name=f"{town.name}{name}", kind=kind, area=town)
        for town in towns
        for kind, name in TEAM_KINDS.items()
    )
    workers = Team.objects.filter(kind=Team.Kind.GRID_WORKER)
    return {team.area_id: team for team in workers}


def _units(
    district: District,
    areas: dict[str, Area],
    agencies: dict[str, Agency],
    teams: dict[int, Team],
    now: datetime,
) -> dict[str, Unit]:
    rows = []
    for patrol in district.patrols:
        area = areas[patrol.area]
        team = teams.get(area.parent_id or 0) if patrol.kind == "grid_worker" else None
        rows.append(
            Unit(
                code=patrol.code,
                name=patrol.name,
                kind=patrol.kind,
                capabilities=list(patrol.capabilities),
                speed_kmh=patrol.speed_kmh,
                agency=agencies[patrol.agency],
                team=team,
                area=area,
                lon=patrol.lon,
                lat=patrol.lat,
                position_at=now,
            )
        )
    Unit.objects.bulk_create(rows, batch_size=500)
    return {unit.code: unit for unit in Unit.objects.all()}


def _zones(district: District, now: datetime) -> list[Zone]:
    root = f"/{district.of('district')[0].code}/"
    drafts = [
        zoning.ZoneDraft(
            key=reach.key,
            kind="no_fishing",
            name=reach.name,
            boundary=shapely.to_wkb(reach.geometry),
            seasons=reach.seasons,
            area_path=root,
        )
        for reach in district.reaches
    ]
    return zoning.save(drafts, by=BY, now=now)


def _macros(areas: dict[str, Area], agencies: dict[str, Agency], now: datetime) -> None:
    """Make two bundles that a fishery watch needs: a quiet night, and proof of a violation."""
    root = next(area for area in areas.values() if area.kind == Area.Kind.DISTRICT)
    night = (
        Step("acknowledge"),
        Step("send", capability="water"),
        Step("send", unit_kind="grid_worker", capability="foot", task_kind="watch"),
        Step(
            "tell", to=f"agency:{agencies['fishery'].pk}", text="夜间禁渔水域有人停留，艇已派出。"
        ),
        Step("note", text="按夜间巡查预案处置：先喊话劝离，不下水追赶。"),
    )
    proof = (
        Step("acknowledge"),
        Step("send", unit_kind="river_patrol", capability="evidence", task_kind="collect-evidence"),
        Step("send", unit_kind="police_patrol", capability="enforcement", task_kind="secure"),
        Step("tell", to=f"agency:{agencies['police'].pk}", text="疑似非法捕捞，请派人到岸边会合。"),
    )
    kinds = ("illegal-fishing",)
    for draft in (
        MacroDraft("夜间巡查", root, night, kinds, is_whole=False),
        MacroDraft("联合取证", root, proof, kinds),
    ):
        macros.make(draft, by=BY, now=now)


def _accounts(
    areas: dict[str, Area], agencies: dict[str, Agency], units: dict[str, Unit], now: datetime
) -> None:
    root = next(area for area in areas.values() if area.kind == Area.Kind.DISTRICT)
    for username, call_sign, role, agency, unit in ACCOUNTS:
        account = accounts.create_account(
            username, None, call_sign=call_sign, is_demo=True, by=BY, now=now
        )
        accounts.grant(
            account,
            role,
            area=root,
            agency=agencies.get(agency),
            unit=units.get(unit),
            by=BY,
            now=now,
        )
