"""Reading a pack: every defect has its row, its field and its remedy."""

from __future__ import annotations

import pytest
from django.utils import translation

from zhizhi.systems.grid import drafting
from zhizhi.systems.grid.drafting import PackUnreadable, depths, tree_problems
from zhizhi.systems.grid.tests.packs import handed, row, written

WIDE = "\uff10"  # a full-width nought


def wrongs(*rows: dict[str, str]) -> list[tuple[int, str]]:
    found = handed(*rows)
    return [(one.row, one.field) for one in (*found.problems, *tree_problems(found))]


def test_a_row_becomes_a_draft_with_everything_it_says() -> None:
    given = row(
        "lamp", "facility", hint_zh="灯", radius_m="30", capabilities="road foot",
        lead_agency="urban", look_minutes="15", residents="否",
    )  # fmt: skip
    [draft] = handed(given).drafts

    assert (draft.row, draft.code, draft.parent) == (2, "lamp", "facility")
    assert draft.columns == {
        "name_zh": "路灯不亮", "name_en": "Lamp out", "hint_zh": "灯", "hint_en": "",
        "kind": "part", "severity": "normal", "radius_m": 30, "capabilities": ["foot", "road"],
        "lead_agency": "urban", "look_minutes": 15, "is_for_residents": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "text", "is_fine"),
    [
        ("code", "", False),
        ("code", "Lamp", False),
        ("code", "灯", False),
        ("code", f"{WIDE}12", False),
        ("code", "0102", True),
        ("code", "-lamp", False),
        ("code", "a" * 32, True),
        ("code", "a" * 33, False),
        ("name_zh", "", False),
        ("name_en", "", False),
        ("name_zh", "灯" * 40, True),
        ("name_zh", "灯" * 41, False),
        ("hint_zh", "灯" * 120, True),
        ("hint_en", "x" * 121, False),
        ("name_en", "Lamp\u200bout", False),
        ("kind", "thing", False),
        ("kind", "request", True),
        ("severity", "bad", False),
        ("severity", "urgent", True),
        ("radius_m", "4", False),
        ("radius_m", "5", True),
        ("radius_m", "5000", True),
        ("radius_m", "5001", False),
        ("radius_m", f"3{WIDE}", False),
        ("radius_m", "30.5", False),
        ("radius_m", "-30", False),
        ("radius_m", "9" * 5000, False),
        ("radius_m", "000005000", True),
        ("radius_m", "0000050009", False),
        ("look_minutes", "0", False),
        ("look_minutes", "1", True),
        ("look_minutes", "44640", True),
        ("look_minutes", "44641", False),
        ("capabilities", "foot;road", False),
        ("lead_agency", "police urban", False),
        ("residents", "", False),
        ("residents", "YES", True),
        ("residents", "maybe", False),
    ],
)
def test_a_cell_is_taken_or_named(cell: str, text: str, is_fine: bool) -> None:
    assert wrongs(row("other"), {**row("lamp"), cell: text}) == ([] if is_fine else [(3, cell)])


def test_full_width_digits_get_a_remedy_of_their_own() -> None:
    with translation.override("en"):
        [problem] = handed(row("lamp", radius_m=f"3{WIDE}")).problems

    assert str(problem) == "2, radius_m: Write the digits half-width, as 0 to 9."


def test_all_defects_of_a_file_are_told_at_once() -> None:
    rows = (
        row("lamp", "nowhere"), row("lamp"), row("a", "b"), row("b", "a"), row("c", "c"),
        row("below", "a", severity="x"),
    )  # fmt: skip

    rings = [(number, "parent") for number in (4, 5, 6)]
    assert wrongs(*rows) == [(7, "severity"), (3, "code"), (2, "parent"), *rings]


def test_a_row_with_too_many_or_too_few_cells_is_named() -> None:
    content = written(row("lamp")) + b"drain,,x\r\n"

    [problem] = drafting.read(content, pack="city").problems

    assert (problem.row, problem.field) == (3, "row")


@pytest.mark.parametrize(
    ("content", "pack"),
    [
        (b"", "city"),
        (written(), "city"),
        ("代码,名称\n".encode("gb18030"), "city"),
        (b"code,parent\nlamp,\n", "city"),
        (b"PK\x03\x04\xff\xfe", "city"),
        (written(row("lamp")).replace(b"residents", b"residents,residents"), "city"),
        (written(row("lamp")).replace(b"residents", b"residents,colour"), "city"),
        (written(row("lamp")) + b'"x', "city"),
        (written(row("lamp")), "City 2026"),
        (b"x" * (drafting.MOST_BYTES + 1), "city"),
    ],
)
def test_a_file_that_is_no_pack_is_refused_as_a_whole(content: bytes, pack: str) -> None:
    with pytest.raises(PackUnreadable):
        drafting.read(content, pack=pack)


def test_rows_up_to_the_limit_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "MOST_ROWS", 2)

    assert len(handed(row("a"), row("b")).drafts) == 2
    with pytest.raises(PackUnreadable):
        handed(row("a"), row("b"), row("c"))


def test_blank_lines_and_the_order_of_columns_do_not_matter() -> None:
    content = b"residents,severity,kind,name_en,name_zh,code,parent,hint_zh,hint_en,radius_m,"
    content += b"capabilities,lead_agency,look_minutes\n\nyes,normal,part,Lamp,L,lamp,,,,,,,\n"

    [draft] = drafting.read(content, pack="city").drafts

    assert (draft.row, draft.code) == (3, "lamp")


def test_how_deep_a_category_lies_does_not_depend_on_the_order_of_rows() -> None:
    drafts = handed(row("c", "b"), row("b", "a"), row("a"), row("d", "b")).drafts

    assert depths(drafts) == {"": -1, "a": 0, "b": 1, "c": 2, "d": 2}
