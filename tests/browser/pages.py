"""Every page of the product, who opens it, and where.

tests/test_page_lists.py asks every address as everybody and fails when a page is not in this list.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.server import Server


@dataclass(frozen=True)
class Look:
    """Somebody in front of a page; ``status`` is what the server answers."""

    username: str
    path: str
    status: int = 200
    elder: str = ""  # how large the letters are in elder mode
    holds: str = ""  # which of the residents' browsers it is: writing, sent, following or appealing

    def address(self, server: Server) -> str:
        return self.path.format(
            case=server.case,
            violation=server.violation,
            photo=server.photo,
            trial=server.trial,
            report=server.report,
            reported=server.reported,
            agreed=server.agreed,
            claim=server.claim,
            appeal=server.appeal,
            appealed=server.appealed,
            grant=server.grant,
            emergency=server.emergency,
            look_review=server.look_review,
        )


# The name of the address, and behind a slash who looks if several see it differently.
PAGES: dict[str, Look] = {
    "web:sign-in": Look("", "/sign-in/"),
    "sign-in/code": Look("door", "/sign-in/code/"),
    "sign-in/second-factor": Look("newcomer", "/sign-in/second-factor/"),
    "sign-in/recovery-codes": Look("codes", "/sign-in/recovery-codes/"),
    "web:accounts": Look("security", "/accounts/"),
    "web:account-page": Look("security", "/accounts/1/"),
    "web:account": Look("operator", "/account/"),
    "account/guarded": Look("guarded", "/account/"),
    "account/app": Look("guarded", "/account/app/"),
    "web:resident-home": Look("", "/home/"),
    "web:resident-home/elder": Look("", "/home/", elder="1"),
    "web:resident-calls": Look("", "/home/calls/"),
    "web:resident-calls/elder": Look("", "/home/calls/", elder="3"),
    "web:appeal-code": Look("", "/home/appeal/"),
    "web:appeal-code/elder": Look("", "/home/appeal/", elder="2"),
    "appeal": Look("", "/home/appeal/{appealed}/", holds="appealing"),
    "appeal/elder": Look("", "/home/appeal/{appealed}/", elder="3", holds="appealing"),
    "web:resident-data": Look("", "/home/data/"),
    "web:resident-data/elder": Look("", "/home/data/", elder="2"),
    "web:resident-figures": Look("", "/home/figures/"),
    "web:resident-figures/elder": Look("", "/home/figures/", elder="2"),
    "web:resident-display": Look("", "/home/display/"),
    "web:resident-display/elder": Look("", "/home/display/", elder="3"),
    "web:resident-report": Look("", "/home/report/"),
    "web:resident-report/elder": Look("", "/home/report/", elder="1"),
    "report/kind": Look("", "/home/report/kind/", holds="writing"),
    "report/kind/elder": Look("", "/home/report/kind/", elder="3", holds="writing"),
    "report/telling": Look("", "/home/report/telling/", holds="writing"),
    "report/telling/elder": Look("", "/home/report/telling/", elder="1", holds="writing"),
    "report/where": Look("", "/home/report/where/", holds="writing"),
    "report/where/elder": Look("", "/home/report/where/", elder="2", holds="writing"),
    "report/when": Look("", "/home/report/when/?check=1", holds="writing"),
    "report/when/elder": Look("", "/home/report/when/?check=1", elder="3", holds="writing"),
    "report/photo": Look("", "/home/report/photo/", holds="writing"),
    "report/photo/elder": Look("", "/home/report/photo/", elder="1", holds="writing"),
    "report/contact": Look("", "/home/report/contact/", holds="writing"),
    "report/contact/elder": Look("", "/home/report/contact/", elder="3", holds="writing"),
    "report/check": Look("", "/home/report/check/", holds="writing"),
    "report/check/elder": Look("", "/home/report/check/", elder="2", holds="writing"),
    "report/sent": Look("", "/home/report/sent/", holds="sent"),
    "report/sent/elder": Look("", "/home/report/sent/", elder="3", holds="sent"),
    "web:follow": Look("", "/home/follow/"),
    "web:follow/elder": Look("", "/home/follow/", elder="1"),
    "followed": Look("", "/home/follow/{report}/", holds="following"),
    "followed/elder": Look("", "/home/follow/{report}/", elder="3", holds="following"),
    "looks": Look("", "/home/follow/{report}/looks/", holds="following"),
    "looks/elder": Look("", "/home/follow/{report}/looks/", elder="3", holds="following"),
    "agreements": Look("", "/home/follow/{agreed}/agreed/", holds="following"),
    "agreements/elder": Look("", "/home/follow/{agreed}/agreed/", elder="3", holds="following"),
    "agreements/end": Look("", "/home/follow/{agreed}/agreed/end/", holds="following"),
    "own-data": Look("", "/home/follow/{report}/data/", holds="following"),
    "own-data/elder": Look("", "/home/follow/{report}/data/", elder="3", holds="following"),
    "own-data/erase": Look("", "/home/follow/{report}/data/erase/", holds="following"),
    "web:case/reported": Look("operator", "/cases/{reported}/"),
    "web:desk": Look("operator", "/desk/?state=all&case={case}"),
    "web:desk/empty": Look("leader", "/desk/?q=nothing-is-called-so"),
    "web:case": Look("operator", "/cases/{case}/"),
    "web:case/inspector": Look("inspector", "/cases/{case}/"),
    "web:notice": Look("fishery", "/cases/{case}/notice/"),
    "web:trials": Look("operator", "/replay/trials/"),
    "web:trial": Look("administrator", "/replay/trials/{trial}/"),
    "web:replay": Look("operator", "/replay/"),
    "web:replay/case": Look("leader", "/replay/?case={case}"),
    "web:suggestions": Look("operator", "/cases/{case}/suggestions"),
    "web:duplicates": Look("operator", "/cases/{reported}/duplicates/"),
    "web:case-macros": Look("operator", "/cases/{case}/macros"),
    "web:macros": Look("administrator", "/macros/"),
    "web:macro-new": Look("administrator", "/macros/new/"),
    "web:macro": Look("administrator", "/macros/1/"),
    "web:my": Look("boat", "/my/"),
    "web:my/rain": Look("rain", "/my/"),
    "web:my/elder": Look("boat", "/my/", elder="1"),
    "web:messages": Look("operator", "/messages/"),
    "web:zones": Look("administrator", "/zones/"),
    "web:zones/edit": Look("administrator", "/zones/?edit=loop"),
    "web:zone-draw": Look("administrator", "/zones/draw/"),
    "web:zone-draw/change": Look("administrator", "/zones/draw/?zone=loop"),
    "web:zone": Look("administrator", "/zones/loop/?version=1"),
    "web:units": Look("administrator", "/units/?unit_kind=river_patrol"),
    "web:units/operator": Look("operator", "/units/?units=uncertain"),
    "web:unit": Look("administrator", "/units/1/"),
    "web:check-ins": Look("operator", "/units/check-ins/"),
    "web:unit-new": Look("administrator", "/units/new/"),
    "web:rules": Look("leader", "/rules/"),
    "web:rule": Look("auditor", "/rules/fishery.dwell/"),
    "web:rule/administrator": Look("administrator", "/rules/fishery.dwell/"),
    "web:settings": Look("administrator", "/settings/"),
    "web:settings/none": Look("administrator", "/settings/?q=31415926"),
    "web:setting": Look("administrator", "/settings/fishery.lateness_seconds/"),
    "web:statistics": Look("leader", "/statistics/"),
    "web:style": Look("administrator", "/style/"),
    "web:walls": Look("administrator", "/walls/"),
    "web:look-reviews": Look("auditor", "/access/looks/"),
    "web:look-review": Look("auditor", "/access/looks/{look_review}/"),
    "web:account-looks": Look("operator", "/account/looks/"),
    "web:grants": Look("operator", "/access/"),
    "web:grants/second": Look("inspector", "/access/"),
    "web:grant-ask": Look("operator", "/access/ask/{reported}/"),
    "web:grant": Look("inspector", "/access/{grant}/"),
    "web:grant-reviews": Look("auditor", "/access/emergencies/"),
    "web:grant-review": Look("auditor", "/access/{emergency}/review/"),
    "web:appeals": Look("inspector", "/appeals/"),
    "web:appeal-case": Look("inspector", "/appeals/{appeal}/"),
    "web:appeal-take": Look("operator", "/cases/{case}/appeal/"),
    "web:claims": Look("auditor", "/claims/"),
    "web:claim": Look("auditor", "/claims/{claim}/"),
    "web:health": Look("auditor", "/health/"),
    "antifraud:check": Look("", "/antifraud/check/"),
    "antifraud:check/elder": Look("", "/antifraud/check/", elder="2"),
    "antifraud:report": Look("", "/antifraud/report/"),
    "antifraud:report/elder": Look("", "/antifraud/report/", elder="2"),
    "antifraud:lists": Look("operator", "/antifraud/"),
    "fishery:overview": Look("leader", "/fishery/"),
    "fishery:violations": Look("technical", "/fishery/violations/"),
    "fishery:violation": Look("technical", "/fishery/violations/{violation}/"),
    "fishery:mask": Look("technical", "/fishery/violations/{violation}/photos/{photo}/mask/"),
    "fishery:words": Look("legal", "/fishery/words/"),
    "fishery:word": Look("administrator", "/fishery/words/fishery.reminder/"),
    "fishery:statistics": Look("leader", "/fishery/statistics/"),
    "fishery:agency": Look("fishery", "/fishery/agency/"),
    "grid:categories": Look("leader", "/grid/"),
    "grid:category": Look("operator", "/grid/manhole/"),
    "grid:category/administrator": Look("administrator", "/grid/litter/"),
    "wall": Look("wall", "/wall/"),  # a screen: it has a pass and no account
    "wall/closed": Look("", "/wall/", 403),
    "404": Look("operator", "/cases/999999/", 404),
    "403": Look("operator", "/zones/", 403),
}

# Addresses that answer with parts of a page for a script; they look like the page they go into.
PARTS = {"web:case-detail"}
