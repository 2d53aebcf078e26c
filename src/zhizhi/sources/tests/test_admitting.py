from __future__ import annotations

from typing import Any

import pytest

from zhizhi.engine.models import Source
from zhizhi.engine.tests.building import NOON
from zhizhi.kernel.streams import UnknownStream
from zhizhi.sources import admitting
from zhizhi.trust import ciphers
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
VESSELS, SHORE = "vessel_positions.v1", "shore_positions.v1"


def admit(code: str = "boats", **given: Any) -> Source:
    wanted = {"kind": "mqtt", "streams": [VESSELS], "name": "", "by": "test", "now": NOON, **given}
    return admitting.admit(code, **wanted)


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("seq").values_list("verb", flat=True))


def test_a_source_is_let_in_with_its_streams_and_it_is_on_record() -> None:
    admit(streams=[VESSELS, SHORE, VESSELS], name="渔船")

    source = Source.objects.get(code="boats")
    assert (source.name, source.streams, source.is_active) == ("渔船", [SHORE, VESSELS], True)
    assert verbs() == ["source.admit"]


def test_a_known_source_gets_other_streams_and_keeps_its_name() -> None:
    admit(name="渔船")

    admit(streams=[SHORE])

    assert Source.objects.get().streams == [SHORE]
    assert Source.objects.get().name == "渔船"


def test_a_token_is_shown_once_and_ends_the_one_before() -> None:
    admit(kind="http_push")

    tokens = [admitting.renew_token("boats", by="test", now=NOON) for _ in range(2)]

    assert tokens[0] != tokens[1]
    assert Source.objects.get().token_digest == ciphers.token_digest(tokens[1])
    assert tokens[1] not in str(list(AuditEntry.objects.values()))


def test_a_withdrawn_source_may_be_let_in_again() -> None:
    admit()
    admitting.withdraw("boats", by="test", now=NOON)
    was_active = Source.objects.get().is_active

    admit()

    assert (was_active, Source.objects.get().is_active) == (False, True)
    assert verbs() == ["source.admit", "source.withdraw", "source.admit"]


@pytest.mark.parametrize("code", ["", "a/b", "a+b", "#", "渔船", "a b"])
def test_a_code_that_would_break_a_topic_is_refused(code: str) -> None:
    with pytest.raises(admitting.SourceInvalid, match="no code"):
        admit(code)


def test_a_source_without_streams_is_refused() -> None:
    with pytest.raises(admitting.SourceInvalid, match="which streams"):
        admit(streams=[])


def test_an_unknown_stream_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownStream, match=VESSELS):
        admit(streams=["fish.v1"])


def test_a_code_that_sends_otherwise_is_taken() -> None:
    admit()

    with pytest.raises(admitting.SourceInvalid, match="sends by mqtt already"):
        admit(kind="http_push")


def test_nobody_knows_a_source_that_was_never_let_in() -> None:
    with pytest.raises(admitting.SourceInvalid, match="no source boats"):
        admitting.withdraw("boats", by="test", now=NOON)


def test_what_people_tell_is_sent_by_no_source() -> None:
    with pytest.raises(admitting.SourceInvalid, match=r"reports\.v1 is told by people"):
        admit(streams=["reports.v1"])

    assert Source.objects.count() == 0
