"""The plain form of a text: alike is alike, and twice is as once."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zhizhi.kernel.plain_text import plain


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("\uff21\uff22\uff23\uff11\uff12\uff13", "abc123"),
        ("路灯\u200b坏\ufeff了", "路灯坏了"),
        ("  水管\t爆了\n\n请 修\u3000 ", "水管 爆了 请 修"),
        ("STRASSE Straße", "strasse strasse"),
        ("①号楼 ㎡", "1号楼 m2"),
        ("", ""),
    ],
)
def test_what_is_meant_alike_is_written_alike(written: str, meant: str) -> None:
    assert plain(written) == meant


@given(st.text())
@example("\u0345\u03b1")
@example("\u1e9e\u00a8")
@example("a\u00ad\u0301")
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    once = plain(text)

    assert plain(once) == once


@given(st.text(), st.sampled_from(["\u200b", "\u00ad", "\u2060", "\ufeff", "\x00"]), st.integers(0))
def test_what_is_not_seen_changes_nothing(text: str, unseen: str, at: int) -> None:
    at = at % (len(text) + 1)

    assert plain(text[:at] + unseen + text[at:]) == plain(text)
