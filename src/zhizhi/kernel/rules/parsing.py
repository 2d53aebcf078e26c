"""Reading the text of a condition into its parts; the grammar is in docs/rules.md.

Comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, + - * /, parentheses, names, numbers and quoted
words: no functions and no sub-queries, so a condition can do nothing but say yes, no or unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from zhizhi.kernel.rules.schema import LARGEST, SMALLEST
from zhizhi.kernel.rules.syntax import (
    MOST_DEPTH,
    MOST_LETTERS,
    MOST_SIGNS,
    AllOf,
    AnyOf,
    Arithmetic,
    Between,
    Comparison,
    ConditionWrong,
    Member,
    Missing,
    Name,
    Node,
    Opposite,
    Value,
)

WORDS: Final = frozenset({
    "AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE",
})  # fmt: skip
COMPARING: Final = frozenset({"<", "<=", "=", "<>", ">=", ">"})
_TO_WIDE = 0xFEE0  # from a character to its full-width form
# Letter by letter, so that places stay what they were
_WIDE = {ord(sign) + _TO_WIDE: sign for sign in "(),=<>+-*/"} | str.maketrans("×÷−\u3000", "*/- ")
_SAME = {"!=": "<>", "≠": "<>", "≥": ">=", "≤": "<="}
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<word>'[^']*'|"[^"]*")
    |(?P<sign><=|>=|<>|!=|==|[<>=≥≤≠(),*/+-])
    |(?P<end>\Z)
    )""",
    re.VERBOSE | re.ASCII,
)
_FOREIGN = {
    "==": "Write = for equal.",
    "“": "Write the word in straight quotes: 'word'.",
    "”": "Write the word in straight quotes: 'word'.",
    "\u2018": "Write the word in straight quotes: 'word'.",
    "’": "Write the word in straight quotes: 'word'.",
    "'": "Close the quote.",
    '"': "Close the quote.",
    "；": "Leave it out: a condition is one sentence.",
    ";": "Leave it out: a condition is one sentence.",
    "。": "Write the decimal point as a full stop, or leave it out.",
    "\uff0e": "Write the decimal point as a full stop: 0.5.",
    "：": "Leave it out.",
    "%": "Write the share as a number: 0.5 for 50 %.",
    "{": "Use round brackets.",
    "[": "Use round brackets.",
    "&": "Write AND.",
    "|": "Write OR.",
    "!": "Write NOT, or <> for not equal.",
}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parsed(text: str) -> Node:
    """Return the parts of a condition. Raises ConditionWrong."""
    if len(text) > MOST_LETTERS:
        raise ConditionWrong(
            MOST_LETTERS, f"The condition has {len(text)} letters, more than {MOST_LETTERS}.",
            "Make several rules of it.",
        )  # fmt: skip
    reading = _Reading(_tokens(text))
    node = reading.any_of()
    reading.end()
    return node


def _tokens(text: str) -> list[_Token]:
    narrow, at = text.translate(_WIDE), 0
    found: list[_Token] = []
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(narrow, at)
        if match is None or match["sign"] == "==":
            _foreign(text, at + len(narrow[at:]) - len(narrow[at:].lstrip(" \t\n\r\f\v")))
        kind = str(match.lastgroup)
        token = _Token(kind, match[kind], match.start(kind))
        if kind == "name" and token.text.upper() in WORDS:
            token = _Token("keyword", token.text.upper(), token.at)
        elif kind == "sign":
            token = _Token(kind, _SAME.get(token.text, token.text), token.at)
        if kind == "word":  # as it was written, full width or not
            token = _Token(kind, text[token.at + 1 : match.end(kind) - 1], token.at)
        found.append(token)
        at = match.end()
    return found


def _foreign(text: str, at: int) -> NoReturn:
    for sign in (text[at : at + 2], text[at]):
        if sign in _FOREIGN:
            raise ConditionWrong(at, f"{sign} cannot stand here.", _FOREIGN[sign])
    narrow = chr(max(ord(text[at]) - _TO_WIDE, 0))
    if "!" <= narrow <= "~":
        raise ConditionWrong(
            at, f"{text[at]} is a full-width character.", f"Write {narrow} instead."
        )
    raise ConditionWrong(
        at, f"{text[at]!r} cannot stand here.",
        "Use the names of columns, numbers, quoted words and AND, OR, NOT, IN, BETWEEN, IS NULL.",
    )  # fmt: skip


class _Reading:
    """A walk over the tokens; ``depth`` counts how deep it is inside."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0
        self.signs = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.place]

    def took(self, *texts: str) -> _Token | None:
        token = self.token
        if token.kind in {"sign", "keyword"} and token.text in texts:
            self.place += 1
            return token
        return None

    def wanted(self, text: str, why: str) -> None:
        if not self.took(text):
            self.refuse(f"{text} is missing before {self.shown()}.", why)

    def shown(self) -> str:
        return self.token.text or "the end"

    def refuse(self, message: str, remedy: str) -> NoReturn:
        raise ConditionWrong(self.token.at, message, remedy)

    def end(self) -> None:
        if self.token.kind == "end":
            return
        if self.token.text == ")":
            self.refuse("This bracket was never opened.", "Take it out, or open it before.")
        self.refuse(f"{self.shown()} cannot follow here.", "Put AND or OR between two conditions.")

    def any_of(self) -> Node:
        return self.several("OR")

    def several(self, word: str) -> Node:
        at = self.token.at
        inner = self.negation if word == "AND" else lambda: self.several("AND")
        parts = [inner()]
        while self.took(word):
            parts.append(inner())
        if len(parts) == 1:
            return parts[0]
        return AllOf(tuple(parts), at) if word == "AND" else AnyOf(tuple(parts), at)

    def negation(self) -> Node:
        nots = []
        while token := self.took("NOT"):
            nots.append(token)
            self.deeper(token)
        node = self.compared()
        self.depth -= len(nots)
        for token in reversed(nots):
            node = Opposite(node, token.at)
        return node

    def compared(self) -> Node:
        left = self.sum()
        if token := self.took(*COMPARING):
            node: Node = Comparison(token.text, left, self.sum(), token.at)
            if self.token.text in COMPARING:
                self.refuse(
                    "Two comparisons in a row have no meaning.",
                    "Write a < b AND b < c, or b BETWEEN a AND c.",
                )
            return node
        if token := self.took("IS"):
            is_not = self.took("NOT")
            self.wanted("NULL", "Write IS NULL or IS NOT NULL; compare with = otherwise.")
            node = Missing(left, token.at)
            return Opposite(node, token.at) if is_not else node
        if token := self.took("NOT"):
            if self.token.text not in {"IN", "BETWEEN"}:
                self.refuse("NOT cannot stand here.", "Write NOT IN, NOT BETWEEN or IS NOT NULL.")
            return Opposite(self.listed(left), token.at)
        return self.listed(left)

    def listed(self, left: Node) -> Node:
        if token := self.took("BETWEEN"):
            low = self.sum()
            self.wanted("AND", "Write x BETWEEN 1 AND 5.")
            return Between(left, low, self.sum(), token.at)
        if token := self.took("IN"):
            self.wanted("(", "Write x IN (1, 2, 3).")
            values = [self.listed_value()]
            while self.took(","):
                values.append(self.listed_value())
            self.wanted(")", "Put a comma between the values and ) behind the last.")
            return Member(left, tuple(values), token.at)
        return left

    def listed_value(self) -> Value:
        at = self.token.at
        if self.token.text.upper() == "SELECT":
            self.refuse("Sub-queries are not part of the language.", "Use a declared feature.")
        node = self.operand()
        if not isinstance(node, Value):
            raise ConditionWrong(at, "Only numbers and quoted words can be listed.", "Use OR.")
        return node

    def sum(self) -> Node:
        left = self.product()
        while token := self.took("+", "-"):
            left = self.joined(token, left, self.product())
        return left

    def product(self) -> Node:
        left = self.operand()
        while token := self.took("*", "/"):
            left = self.joined(token, left, self.operand())
        return left

    def joined(self, token: _Token, left: Node, right: Node) -> Node:
        self.signs += 1
        if self.signs > MOST_SIGNS:
            raise ConditionWrong(
                token.at, f"The condition computes with more than {MOST_SIGNS} signs.",
                "Make several rules of it, or declare a feature.",
            )  # fmt: skip
        return Arithmetic(token.text, left, right, token.at)

    def operand(self) -> Node:
        is_negative, first = False, self.token
        while token := self.took("-", "+"):
            is_negative ^= token.text == "-"
        node = self.plain()
        if not is_negative:
            return node
        if isinstance(node, Value) and isinstance(node.value, float):
            return Value(-node.value, first.at)
        return self.joined(_Token("sign", "-", first.at), Value(0.0, first.at), node)

    def plain(self) -> Node:
        token = self.token
        self.place += token.kind != "end"
        match token.kind:
            case "number":
                return Value(_number(token), token.at)
            case "word":
                return Value(token.text, token.at)
            case "name":
                return self.named(token)
            case "keyword" if token.text in {"TRUE", "FALSE"}:
                return Value(token.text == "TRUE", token.at)
            case "sign" if token.text == "(":
                return self.bracket(token)
        if token.text == "NULL":
            raise ConditionWrong(token.at, "Nothing equals NULL.", "Write IS NULL or IS NOT NULL.")
        raise ConditionWrong(
            token.at, f"A value is missing before {token.text or 'the end'}.",
            "Put a name, number or quoted word here.",
        )  # fmt: skip

    def named(self, token: _Token) -> Node:
        if token.text.upper() == "SELECT":
            raise ConditionWrong(
                token.at, "Sub-queries are not part of the language.", "Use a declared feature."
            )
        if self.token.text == "(":
            raise ConditionWrong(
                token.at, f"{token.text} is used as a function; there are none.",
                "Use a declared feature, or arithmetic.",
            )  # fmt: skip
        return Name(token.text, token.at)

    def bracket(self, token: _Token) -> Node:
        self.deeper(token)
        node = self.any_of()
        if not self.took(")"):
            raise ConditionWrong(token.at, "This bracket is never closed.", "Put a ) behind it.")
        self.depth -= 1
        return node

    def deeper(self, token: _Token) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise ConditionWrong(
                token.at, f"The condition is nested more than {MOST_DEPTH} levels deep.",
                "Give its parts names with let, or make several rules of it.",
            )  # fmt: skip


def _number(token: _Token) -> float:
    value = float(token.text)
    if value and not SMALLEST <= value <= LARGEST:
        raise ConditionWrong(
            token.at, f"{token.text} is too large or too small.",
            f"Numbers are 0 or between {SMALLEST:g} and {LARGEST:g}.",
        )  # fmt: skip
    return value
