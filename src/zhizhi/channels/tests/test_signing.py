import pytest

from zhizhi.channels import signing

SECRET = "s"
BODY = b'{"key": 1}'


def verdict(
    *, secret: str = SECRET, body: bytes = BODY, at: int = 1000, now: int = 1000, **changed: str
) -> bool:
    headers = signing.sign("s", BODY, at=at)
    return signing.is_signed(
        secret,
        body,
        timestamp=changed.get("timestamp", headers[signing.TIMESTAMP]),
        signature=changed.get("signature", headers[signing.SIGNATURE]),
        now=now,
    )


def test_a_signed_request_is_recognised() -> None:
    assert verdict()


@pytest.mark.parametrize("changed", [
    {"secret": "other"}, {"secret": ""}, {"body": b"{}"}, {"timestamp": "1001"}, {"timestamp": ""},
    {"timestamp": "x"}, {"timestamp": "-5"}, {"timestamp": "\u0661\u0660"}, {"signature": ""},
    {"signature": "v1=00"}, {"signature": "v1=é"},
])  # fmt: skip
def test_any_change_breaks_the_signature(changed: dict[str, object]) -> None:
    assert not verdict(**changed)  # type: ignore[arg-type]  # a table of single changes


@pytest.mark.parametrize(
    ("age", "is_good"), [(299, True), (300, True), (301, False), (-300, True), (-301, False)]
)
def test_a_signature_is_good_for_five_minutes(age: int, is_good: bool) -> None:
    assert verdict(at=1000, now=1000 + age) is is_good


def test_an_empty_secret_signs_nothing() -> None:
    headers = signing.sign("", BODY, at=1000)

    assert not signing.is_signed(
        "", BODY, timestamp="1000", signature=headers[signing.SIGNATURE], now=1000
    )
