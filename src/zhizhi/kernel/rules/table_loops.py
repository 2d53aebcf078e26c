"""The compiled interpreter of rule tables: rules are data, so a changed rule needs no compiling.

Every value is a double. Unknown is NaN, which arithmetic carries along by itself; TRUE is 1, FALSE
is 0. No other NaN can arise: ``checking.py`` bounds every number. A program works on a stack and
leaves as soon as a part that must be true is not.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from zhizhi.kernel.native import lean, woven

(
    COLUMN, CONSTANT, ADD, SUBTRACT, MULTIPLY, DIVIDE,
    LESS, AT_MOST, EQUAL, UNEQUAL, AT_LEAST, MORE, AND, OR,
    NOT, IS_MISSING, AMONG, IF_FALSE, IF_TRUE, NEED, FORBID,
    NEED_LESS, NEED_AT_MOST, NEED_EQUAL, NEED_UNEQUAL, NEED_AT_LEAST, NEED_MORE, FIRE,
) = range(28)  # fmt: skip
STACK: Final = 512  # bounds of depth in ``syntax.py`` keep far below
UNKNOWN: Final = np.nan
BLOCK: Final = 64  # rows that fit the nearest cache
NO_MISS, SEVERAL = -1, -2


@woven
def _needed(code: int, a: float, b: float) -> bool:
    """Return whether a comparison of a value with a constant is true; of unknown it never is."""
    if code == NEED_AT_LEAST:
        return a >= b
    if code == NEED_EQUAL:
        return a == b
    if code == NEED_MORE:
        return a > b
    if code == NEED_LESS:
        return a < b
    return a <= b if code == NEED_AT_MOST else a < b or a > b


@woven
def _compared(code: int, a: float, b: float) -> float:
    """Return the answer of a comparison: 1, 0, or unknown where one of the two is."""
    if np.isnan(a) or np.isnan(b):
        return UNKNOWN
    return 1.0 if _needed(code - LESS + NEED_LESS, a, b) else 0.0


@woven
def _both(a: float, b: float) -> float:
    if a == 0.0 or b == 0.0:
        return 0.0
    return UNKNOWN if np.isnan(a) or np.isnan(b) else 1.0


@woven
def _computed(code: int, a: float, b: float) -> float:
    """Return the sum, difference, product or quotient; a quotient by zero is unknown."""
    if code == ADD:
        return a + b
    if code == SUBTRACT:
        return a - b
    if code == MULTIPLY:
        return a * b
    return a / b if b != 0.0 else UNKNOWN


@woven
def _joined(code: int, a: float, b: float) -> float:
    if code <= DIVIDE:
        return _computed(code, a, b)
    if code <= MORE:
        return _compared(code, a, b)
    if code == AND:
        return _both(a, b)
    return 1.0 - _both(1.0 - a, 1.0 - b)


@woven
def _turned(code: int, item: float, table: Any, at: int) -> float:
    """Return what becomes of one value: its opposite, whether it is unknown, or in a list."""
    if code == NOT:
        return 1.0 - item
    if code == IS_MISSING:
        return 1.0 if np.isnan(item) else 0.0
    if np.isnan(item):
        return UNKNOWN
    begin = table.place[at]
    for k in range(begin, begin + table.length[at]):
        if table.listed[k] == item:
            return 1.0
    return 0.0


@woven
def _step(code: int, table: Any, at: int, row: Any, stack: Any, top: int) -> int:
    """Do one instruction that leaves a value on the stack, and return where its top is."""
    if code <= CONSTANT:
        stack[top + 1] = row[table.place[at]] if code == COLUMN else table.constant[at]
        return top + 1
    if code <= OR:
        stack[top - 1] = _joined(code, stack[top - 1], stack[top])
        return top - 1
    stack[top] = _turned(code, stack[top], table, at)
    return top


@woven
def _leaves(code: int, value: float) -> bool:
    """Return whether a value decides: the jump is taken, or the rule stays silent."""
    if code == IF_FALSE:
        return value == 0.0
    if code == NEED:
        return value != 1.0
    return value == 1.0


@woven
def _holds(table: Any, rule: int, row: Any, stack: Any) -> bool:
    at, top = table.begin[rule], -1
    code = table.code[at]
    while code != FIRE:
        if code >= NEED_LESS:
            if not _needed(code, row[table.place[at]], table.constant[at]):
                return False
        elif code < IF_FALSE:
            top = _step(code, table, at, row, stack, top)
        elif code >= NEED:
            if _leaves(code, stack[top]):
                return False
            top -= 1
        elif _leaves(code, stack[top]):
            at = table.place[at] - 1
        at += 1
        code = table.code[at]
    return True


@lean
def answer_rows(table: Any, rows: Any, kinds: Any, times: Any, stack: Any, fires: Any) -> None:
    """Fill ``fires`` (events by rules): which rules fire on which rows.

    ``kinds`` holds one bit of each event's kind, ``times`` its microsecond. A rule answers a block
    of rows in a row: the processor then foresees its jumps.
    """
    for begin in range(0, len(rows), BLOCK):
        end = min(begin + BLOCK, len(rows))
        for rule in range(len(table.kinds)):
            kind, end_us = table.kinds[rule], table.ends_us[rule]
            for n in range(begin, end):
                is_asked = (kind & kinds[n]) != 0 and times[n] < end_us
                fires[n, rule] = is_asked and _holds(table, rule, rows[n], stack)


@woven
def _only_miss(table: Any, rule: int, row: Any, stack: Any) -> int:
    """Return the part that alone is not true; ``NO_MISS`` where none or several are not."""
    at, top, missed = table.begin[rule], -1, NO_MISS
    code = table.code[at]
    while code != FIRE:
        is_true = True
        if code >= NEED_LESS:
            is_true = _needed(code, row[table.place[at]], table.constant[at])
        elif code < IF_FALSE:
            top = _step(code, table, at, row, stack, top)
        elif code >= NEED:
            is_true = not _leaves(code, stack[top])
            top -= 1
        elif _leaves(code, stack[top]):
            at = table.place[at] - 1
        if not is_true:
            missed = _one_miss(missed, code, table.length[at])
            if missed == SEVERAL:
                return NO_MISS
        at += 1
        code = table.code[at]
    return missed


@woven
def _one_miss(missed: int, code: int, part: int) -> int:
    if code == FORBID or (missed >= 0 and missed != part):
        return SEVERAL
    return int(part)


@lean
def near_misses(table: Any, row: Any, stack: Any, missed: Any) -> None:
    """Fill ``missed``: of each rule the part that alone kept it from firing."""
    for rule in range(len(table.kinds)):
        missed[rule] = _only_miss(table, rule, row, stack)
