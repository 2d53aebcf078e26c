"""What a scam is told by, in one way of writing: numbers, payee accounts, addresses, apps.

However a number or an address is dressed up, the same thing reads the same, and two different
things never do: an address that only looks like another one keeps a value of its own.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from zhizhi.kernel.letters import LINKING, SIZE, letters
from zhizhi.kernel.unmasking import ACCOUNT, NUMBER, PHONE, URL, unmasked

IS_PHONE, IS_ACCOUNT, IS_URL, IS_APP = "phone", "account", "url", "app"
MOST = 50  # identifiers that are read out of one text
_LONGEST_HOST, _LONGEST_APP, _LONGEST_WRITTEN = 253, 60, 2048
_LEAST_PHONE, _LEAST_CARD = 10, 12  # digits of a number within a text
_DOTS = str.maketrans("\u3002\uff0e\uff61\ufe52", "....")
_SHARED = (  # below these everybody has an address of their own
    "com.cn net.cn org.cn gov.cn edu.cn ac.cn mil.cn com.hk com.tw co.uk co.jp co.kr com.au "
    "github.io gitee.io pages.dev vercel.app netlify.app web.app workers.dev"
)
_TWO_OR_MORE_BELONG = frozenset(_SHARED.split())
_SHORT = re.compile(r"1\d{2,4}|9\d{4}|106\d{5,17}")
_NATIONAL = re.compile(r"1[3-9]\d{9}|[48]00\d{7}|0[1-9]\d{8,10}")
_ACCOUNT = re.compile(r"\d{8,32}|(?=.*[a-z@])[0-9a-z][0-9a-z@._+-]{4,63}")
_SCHEME = re.compile(r"(h(?:tt|xx)ps?):/*")
_QUAD = re.compile(r"(\d{1,3}\.){3}\d{1,3}([:/].*)?$")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ALIKE = (("0", "o"), ("1", "l"), ("\u04cf", "l"), ("rn", "m"), ("vv", "w"))
_APART = re.compile(r"[^，,；;、\n]+")


@dataclass(frozen=True, slots=True)
class Identifier:
    """One number, account, address or app; for an address also the hosts that it belongs to.

    ``look`` is the same for hosts that look alike.
    """

    kind: str
    value: str
    wider: tuple[str, ...] = ()
    look: str = ""


def phone(written: str) -> Identifier | None:
    """Return a telephone number as it is dialled within the country; others keep their +."""
    text = re.sub(r"^tel:", "", _compact(written)).strip()
    if not re.fullmatch(r"\+?[\d\-()./]+", text):
        return None
    digits = re.sub(r"\D", "", text)
    if text.startswith("+") or digits.startswith("00"):
        digits = digits.removeprefix("00")
        if not digits.startswith("86"):
            return Identifier(IS_PHONE, f"+{digits}") if 8 <= len(digits) <= 15 else None
        digits = digits[2:]
        is_area = not _NATIONAL.fullmatch(digits) and digits[:1] != "0" and len(digits) >= 9
        digits = f"0{digits}" if is_area else digits
    elif re.fullmatch(r"861[3-9]\d{9}", digits):
        digits = digits[2:]
    is_one = _NATIONAL.fullmatch(digits) or _SHORT.fullmatch(digits)
    return Identifier(IS_PHONE, digits) if is_one else None


def account(written: str) -> Identifier | None:
    """Return an account that money goes to: a card or account number, an address, a name."""
    text = _compact(written)
    if re.fullmatch(r"[\d-]+", text):
        text = text.replace("-", "")
    return Identifier(IS_ACCOUNT, text) if _ACCOUNT.fullmatch(text) else None


def app(written: str) -> Identifier | None:
    """Return the name of an app without blanks and marks."""
    kept = [one for one in _compact(written) if unicodedata.category(one)[0] in "LN" or one == "."]
    text = _compact("".join(kept)).strip(".")
    return Identifier(IS_APP, text) if 2 <= len(text) <= _LONGEST_APP else None


def link(written: str) -> Identifier | None:
    """Return an address as a browser would open it, without what stands behind ``?`` and ``#``.

    What stands before an @ is no part of it, and neither is the port.
    """
    if len(written) > _LONGEST_WRITTEN:
        return None
    text = unicodedata.normalize("NFKC", written).translate(_DOTS).replace("\\", "/")
    text = "".join(one for one in text if not _is_empty(one))
    if (begun := _SCHEME.match(text.casefold())) is not None:
        text = text[begun.end() :]
    elif ":/" in text.partition("?")[0]:
        return None
    head = re.match(r"[^/?#]*", text)
    named = head.group() if head else ""
    host = _host(re.sub(r":\d*$", "", named.rpartition("@")[2]))
    if not host:
        return None
    path = _path(re.split(r"[?#]", text[len(named) :])[0])
    return Identifier(IS_URL, host + path, _wider(host, path), look_of(host))


READERS: Mapping[str, Callable[[str], Identifier | None]] = {
    IS_PHONE: phone,
    IS_ACCOUNT: account,
    IS_URL: link,
    IS_APP: app,
}


def identified(written: str) -> Identifier | None:
    """Return what ``written`` as a whole is, if it can be told: an address, a number, a card."""
    text = written.strip()
    is_address = unmasked([text]).symbol.tolist() == [URL] or _QUAD.match(text)
    if is_address and not _is_mail(text):
        return link(text)
    found = phone(text)
    if found is not None:
        return found
    found = account(text)
    return found if found is not None and (found.value.isdigit() or "@" in found.value) else None


def contained(text: str) -> list[tuple[Identifier, int, int]]:
    """Return numbers, cards and addresses within ``text``, each once, and where they stand."""
    read = unmasked([text])
    found: dict[Identifier, tuple[Identifier, int, int]] = {}
    for symbol, start, stop in zip(
        read.symbol.tolist(), read.start.tolist(), read.stop.tolist(), strict=True
    ):
        if symbol not in {URL, PHONE, NUMBER, ACCOUNT}:
            continue
        for one, since, until in _read(symbol, text[start:stop]):
            found.setdefault(one, (one, start + since, start + until))
        if len(found) >= MOST:
            break
    return list(found.values())[:MOST]


def look_of(host: str) -> str:
    """Return what ``host`` looks like to a hasty reader: look-alikes become one letter."""
    shown = ".".join(_decoded(label) for label in host.split("."))
    known = letters()
    text = "".join(
        "".join(map(chr, known.meaning[known.begin[ord(one)] : known.begin[ord(one) + 1]]))
        if ord(one) < SIZE
        else one
        for one in shown
    )
    for written, meant in _ALIKE:
        text = text.replace(written, meant)
    return text


def _read(symbol: int, piece: str) -> Iterator[tuple[Identifier, int, int]]:
    """Yield what a piece of a text is, or the several numbers that it joins, and their places."""
    if symbol == NUMBER:
        for part in _APART.finditer(piece):
            one = _number(part.group())
            if one is not None:
                yield one, part.start(), part.end()
        return
    if symbol == PHONE:
        one = phone(re.sub(r"\D", "", piece[:_LONGEST_WRITTEN]))
    elif symbol == URL and not _is_mail(piece):
        one = link(piece.strip(LINKING))
    else:
        one = account(piece)
    if one is not None:
        yield one, 0, len(piece)


def _number(written: str) -> Identifier | None:
    digits = sum(map(str.isdecimal, written))
    found = phone(written) if digits >= _LEAST_PHONE else None
    return account(written) if found is None and digits >= _LEAST_CARD else found


def _is_mail(text: str) -> bool:
    compact = _compact(text)
    return "@" in compact.partition("/")[0] and not _SCHEME.match(compact)


def _compact(written: str) -> str:
    """Return the text in small, plain letters, without blanks and what nobody sees.

    What is too long to be one of these things is nothing.
    """
    text = written if len(written) <= _LONGEST_WRITTEN else ""
    for _round in range(3):
        text = unicodedata.normalize("NFKC", text).casefold()
        text = "".join(one for one in text if not _is_empty(one) and not _is_added(one))
    text = re.sub("[\u2212\u2010-\u2015]", "-", text)
    return "".join(str(unicodedata.decimal(one, one)) for one in text)


def _is_empty(one: str) -> bool:
    return one.isspace() or unicodedata.category(one) in {"Cc", "Cf", "Zs"}


def _is_added(one: str) -> bool:
    return unicodedata.category(one) in {"Mn", "Me"}


def _host(written: str) -> str:
    """Return a host in the letters that its name is registered in; nothing if it is none."""
    text = unquote(written).casefold().strip(".")
    number = _address_number(text)
    if number or not text or len(text) > _LONGEST_HOST or "." not in text:
        return number
    try:
        host = ".".join(_registered(label) for label in text.split("."))
    except UnicodeError:
        return ""
    labels = host.split(".")
    is_one = all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return host if is_one and len(host) <= _LONGEST_HOST else ""


def _registered(label: str) -> str:
    shown = _decoded(label)
    return shown.encode("idna").decode("ascii").casefold()


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _address_number(host: str) -> str:
    """Return an IPv4 address that is written as one to four numbers, as browsers read them."""
    parts = host.split(".")
    if not 1 <= len(parts) <= 4 or not all(re.fullmatch(r"0x[0-9a-f]+|\d+", p) for p in parts):
        return ""
    try:
        numbers = [int(p, 16) if p[:2] == "0x" else int(p, 8 if p[0] == "0" else 10) for p in parts]
    except ValueError:
        return ""
    *heads, last = numbers
    if any(one > 255 for one in heads) or last >= 256 ** (5 - len(parts)):
        return ""
    whole = sum(one << 8 * (3 - n) for n, one in enumerate(heads)) + last
    return str(ipaddress.IPv4Address(whole))


def _path(written: str) -> str:
    """Return the path as it is asked for; a slash at its end says nothing."""
    kept: list[str] = []
    for part in unquote(written, errors="replace").split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in {"", "."}:
            kept.append(quote(part, safe="!$&'()*+,;=@~"))
    return "".join(f"/{part}" for part in kept)


def _wider(host: str, path: str) -> tuple[str, ...]:
    """Return the host, if there is a path, and those above it that belong to one owner."""
    found = [host] if path else []
    labels = [] if re.fullmatch(r"[\d.]+", host) else host.split(".")
    for n in range(1, len(labels) - 1):
        above = ".".join(labels[n:])
        if above in _TWO_OR_MORE_BELONG:
            break
        found.append(above)
    return tuple(found)
