"""What counts as promised: an answer that was written down before the power went."""

from pathlib import Path

import pytest
from django.utils import timezone

from tests.powercut import loading
from zhizhi.engine import intake
from zhizhi.engine.models import InboxKey, JournalSegment, Source


def test_an_answer_at_the_moment_of_the_cut_is_no_promise(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    ledger.write_text("99 1-0 7\n100 1-1 8\n101 1-2 9\n")

    assert loading.acknowledged(ledger, before=100) == {"1-0": 7}


@pytest.fixture
def promised(db: None) -> dict[str, int]:
    loading.found()
    source = Source.objects.get(code="shore")
    envelopes = [loading._envelope(source, f"1-{number}") for number in range(6)]
    receipts = intake.append(envelopes, now=timezone.now())
    return {one.key: made.offset or 0 for one, made in zip(envelopes, receipts, strict=True)}


def test_what_is_all_there_has_lost_nothing(promised: dict[str, int]) -> None:
    assert loading.compare(promised) == {"lost": [], "damage": [], "stored": 6}


def test_a_lost_key_and_a_lost_segment_are_each_found(promised: dict[str, int]) -> None:
    InboxKey.objects.filter(key="1-2").delete()
    JournalSegment.objects.filter(offset=promised["1-4"]).delete()

    came = loading.compare(promised)

    assert came["lost"] == ["1-2", "1-4"]
    assert any("has lost segment" in text for text in came["damage"])


def test_an_audit_chain_that_was_cut_off_is_found(promised: dict[str, int]) -> None:
    from zhizhi.trust.models import ChainHead

    ChainHead.objects.update(seq=0)

    assert any("trust_auditentry" in text for text in loading.compare(promised)["damage"])
