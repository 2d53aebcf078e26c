"""However a number or an address is written, the same thing reads the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel import identifiers
from zhizhi.kernel.identifiers import Identifier

WIDE = {ord(one): ord(one) + 0xFEE0 for one in "0123456789+-"}
BETWEEN = st.sampled_from(["", " ", "-", "\u200b", "\u3000", "(", ")", ".", "\u2013"])


def value(found: Identifier | None) -> str | None:
    return found.value if found else None


@st.composite
def dressed(draw: st.DrawFn, text: str) -> str:
    """Return the number with marks between its digits, some of them full-width."""
    wide = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    shown = [one.translate(WIDE) if is_wide else one
             for one, is_wide in zip(text, wide, strict=True)]  # fmt: skip
    return "".join(one + draw(BETWEEN) for one in shown)


MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@given(st.data(), MOBILES, st.sampled_from(["", "+86", "0086", "86", "tel:", "tel:+86"]))
def test_a_mobile_number_is_one_however_it_is_written(
    data: st.DataObject, number: str, before: str
) -> None:
    written = before + data.draw(dressed(number))

    assert identifiers.phone(written) == Identifier("phone", number)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("023-7222 1234", "02372221234"),
        ("+86 23 7222 1234", "02372221234"),
        ("(010) 6552 1234", "01065521234"),
        ("95588", "95588"),
        ("96110", "96110"),
        ("106 9012 3456 78", "106901234567" + "8"),
        ("400-820-8820", "4008208820"),
        ("+86 012345678", None),
        ("+852 2345 6789", "+85223456789"),
        ("00852 2345 6789", "+85223456789"),
        ("72221234", None),  # of which town?
        ("12345678901", None),
        ("138001380001", None),
        ("call 13800138000", None),
        ("", None),
    ],
)
def test_other_numbers_are_read_as_they_are_dialled(written: str, read: str | None) -> None:
    assert value(identifiers.phone(written)) == read


@given(st.text(max_size=40))
def test_whatever_is_read_reads_the_same_again(text: str) -> None:
    for reader in identifiers.READERS.values():
        found = reader(text)
        if found is not None:
            assert value(reader(found.value)) == found.value


HOSTS = st.from_regex(r"[a-z]{2,8}(\.[a-z]{2,6}){1,3}", fullmatch=True)


@given(
    HOSTS,
    st.sampled_from(["", "http://", "HTTPS://", "hxxps://", "https:\\\\"]),
    st.sampled_from(["", "icbc.com.cn@", "user:word@", "a@b@"]),
    st.sampled_from(["", ".", ":8080", "/", "/?a=1", "#x", ".:443/./"]),
)
def test_an_address_is_its_host_whatever_stands_around_it(
    host: str, before: str, user: str, behind: str
) -> None:
    for shown in (host, host.upper(), host.replace(".", "。"), host.replace("e", "\uff45")):
        assert value(identifiers.link(f"{before}{user}{shown}{behind}")) == host


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://Bank.example.com/Log/../in/?token=1#top", "bank.example.com/in"),
        ("bank.example.com/%69n", "bank.example.com/in"),
        ("http://bank.example.com/a:/b", "bank.example.com/a%3A/b"),
        ("bank.example.com/a%3a/b", "bank.example.com/a%3A/b"),
        ("https://icbc.com.cn:80@evil.example/x", "evil.example/x"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://\u0430pple.com", "xn--pple-43d.com"),  # the first letter is Cyrillic
        ("http://xn--pple-43d.com", "xn--pple-43d.com"),
        ("http://例子.中国/", "xn--fsqu00a.xn--fiqs8s"),
        ("weixin://pay", None),
        ("http://999.1.1.1/", None),
        ("https://", None),
        ("localhost", None),
        ("http://-a-.com", None),
        ("http://" + "a" * 64 + ".com", None),
    ],
)
def test_an_address_is_read_as_a_browser_opens_it(written: str, read: str | None) -> None:
    assert value(identifiers.link(written)) == read


@pytest.mark.parametrize(
    "written",
    ["http://\u0430\u0440\u0440\u04cf\u0435.com", "http://app1e.com", "http://xn--pple-43d.com"],
)
def test_an_address_that_looks_like_another_is_another_with_the_same_look(written: str) -> None:
    real, false = identifiers.link("https://apple.com"), identifiers.link(written)

    assert real
    assert false
    assert false.value != real.value
    assert false.look == real.look


@given(HOSTS)
def test_a_look_looks_like_itself(host: str) -> None:
    assert identifiers.look_of(identifiers.look_of(host)) == identifiers.look_of(host)


@pytest.mark.parametrize(
    ("written", "wider"),
    [
        ("a.b.example.com/x", ("a.b.example.com", "b.example.com", "example.com")),
        ("example.com", ()),
        ("shop.example.com.cn", ("example.com.cn",)),
        ("someone.github.io/x", ("someone.github.io",)),
        ("10.1.2.3/x", ("10.1.2.3",)),
    ],
)
def test_an_address_belongs_to_the_hosts_of_one_owner(written: str, wider: tuple[str, ...]) -> None:
    found = identifiers.link(written)

    assert found
    assert found.wider == wider


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("6222 0212-3456 7890 123", "6222021234567890123"),
        (
            "\uff16\uff12\uff12\uff12\uff10\uff12\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10",
            "6222021234567890",
        ),
        ("Some.One@QQ.com", "some.one@qq.com"),
        ("WX_cheap88", "wx_cheap88"),
        ("1234567", None),
        ("12345678", "12345678"),
        ("1" * 33, None),
        ("王先生", None),
    ],
)
def test_an_account_is_one_however_it_is_written(written: str, read: str | None) -> None:
    assert value(identifiers.account(written)) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("京东 金融", "京东金融"),
        ("【Easy\u2014Loan】", "easyloan"),
        ("com.some.app", "com.some.app"),
        ("x", None),
        ("字" * 60, "字" * 60),
        ("字" * 61, None),
    ],
)
def test_an_app_is_its_name_without_marks(written: str, read: str | None) -> None:
    assert value(identifiers.app(written)) == read


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("138 0013 8000", "phone"),
        ("https://a.example/x", "url"),
        ("a-bank.com", "url"),
        ("10.0.0.1/x", "url"),
        ("6222021234567890123", "account"),
        ("someone@qq.com", "account"),
        ("恭喜中奖，请点 t.cn/x", None),
        ("收到请回复", None),
        ("", None),
    ],
)
def test_it_is_told_by_itself_what_something_is(written: str, kind: str | None) -> None:
    found = identifiers.identified(written)

    assert (found.kind if found else None) == kind


def test_numbers_and_addresses_are_found_within_a_text_and_where_they_stand() -> None:
    text = "客服1 3 8-0013-8000，卡号6222021234567890123，退款请登 http://\uff34.cn/a，a@qq.com，付5000元"

    found = identifiers.contained(text)

    assert [(one.kind, one.value) for one, _start, _stop in found] == [
        ("phone", "13800138000"),
        ("account", "6222021234567890123"),
        ("url", "t.cn/a"),
        ("account", "a@qq.com"),
    ]
    assert text[found[0][1] : found[0][2]] == "1 3 8-0013-8000"


def test_numbers_that_stand_one_after_another_are_several() -> None:
    found = identifiers.contained("客服13800138000，13900139000")

    assert [one.value for one, _start, _stop in found] == ["13800138000", "13900139000"]


def test_a_text_of_thousands_of_numbers_gives_a_bounded_list() -> None:
    text = "和".join(f"138{n:08}" for n in range(60))

    assert len(identifiers.contained(text)) == identifiers.MOST
