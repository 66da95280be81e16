"""Filter expressions over the table, e.g. `nme > 5 and (covered >= 20 or alarms ~ "empty")`. No Qt.

    expression  = term { "or" term }            term = factor { "and" factor }
    factor      = "not" factor | "(" expression ")" | comparison | "known" "(" column ")" | text
    comparison  = value ( < | <= | > | >= | = | != | ~ | !~ ) value
    value       = number | text | column | "abs" "(" column ")"

Columns go by their short or full names. A text stands in quotes, or is a word that names no column; alone it
is looked for in the names, alarms, problems and notes. `~` asks whether one text lies within another; upper
and lower case are one. A comparison with a number that is not known does not hold, whichever it is.
Nothing of what a user types is ever run.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.errors import UnmaskError
from models.geometry.arrays import Doubles
from viewer.state.mining import WORDS, Mining, MiningColumn

DEEPEST = 40
LONGEST = 2000
SEARCHED = ("input", "alarms", "problem", "notices", "note")

Rows = NDArray[np.bool_]
Test = Callable[[Mining], Rows]
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
        |(?P<quoted>"[^"]*"|'[^']*')
        |(?P<sign><=|>=|!=|!~|==|[<>=~()])
        |(?P<word>[^\s<>=!~()"']+))""",
    re.VERBOSE,
)
_ORDERS: Mapping[str, Callable[[Doubles, Doubles], Rows]] = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "=": operator.eq,
        "!=": operator.ne,
    }
)
_TEXT_SIGNS = ("=", "!=", "~", "!~")


class FilterError(UnmaskError):
    """An expression that cannot be understood: a sentence, and where.

    Attributes:
        at: Index of the character it is about.
    """

    def __init__(self, sentence: str, at: int) -> None:
        super().__init__(sentence)
        self.at = at


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class _Value:
    """One side of a comparison.

    Attributes:
        number: Of every row; None where it is a text.
        text: Of every row; None where it is a number.
        at: Where it stands.
    """

    at: int
    number: Callable[[Mining], Doubles] | None = None
    text: Callable[[Mining], tuple[str, ...]] | None = None


def parsed(expression: str) -> Test:
    """What tells which rows of a table hold, [N] bool; all of them for an empty expression.

    Raises:
        FilterError: It cannot be understood.
    """
    if len(expression) > LONGEST:
        raise FilterError(f"A filter has at most {LONGEST} characters.", LONGEST)
    tokens = _tokens(expression)
    if not tokens:
        return lambda mining: np.ones(len(mining.table), bool)
    return _Parser(tokens, len(expression)).whole()


def _tokens(expression: str) -> list[_Token]:
    tokens, at = [], 0
    while expression[at:].strip():
        match = _TOKEN.match(expression, at)
        if match is None:
            at += len(expression[at:]) - len(expression[at:].lstrip())
            raise FilterError(f"{expression[at]!r} has no meaning here.", at)
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent over tokens, one look ahead."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens, self._next, self._depth, self._end = tokens, 0, 0, end

    def whole(self) -> Test:
        test = self._expression()
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            raise FilterError(f"{token.text!r} stands where 'and' or 'or' was expected.", token.at)
        return test

    def _expression(self) -> Test:
        tests = [self._term()]
        while self._take("or"):
            tests.append(self._term())
        return tests[0] if len(tests) == 1 else _any(tests)

    def _term(self) -> Test:
        tests = [self._factor()]
        while self._take("and"):
            tests.append(self._factor())
        return tests[0] if len(tests) == 1 else _all(tests)

    def _factor(self) -> Test:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterError(f"Brackets are nested more than {DEEPEST} deep.", self._at)
        try:
            if self._take("not"):
                return _not(self._factor())
            if self._take("("):
                test = self._expression()
                self._expect(")")
                return test
            if self._peek("known") and self._follows("("):
                self._next += 2
                return _known(self._column(self._closed()))
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Test:
        alone = self._tokens[self._next] if self._next < len(self._tokens) else None
        left = self._value()
        sign = self._tokens[self._next].text if self._next < len(self._tokens) else ""
        sign = {"==": "="}.get(sign, sign)
        if sign not in _ORDERS and sign not in _TEXT_SIGNS:
            return self._search(alone, left)
        at = self._at
        self._next += 1
        return _compared(left, sign, self._value(), at)

    def _search(self, token: _Token | None, value: _Value) -> Test:
        """A text that stands alone."""
        if token is None or value.text is None or _column(token) is not None:
            raise FilterError("A comparison is missing here, e.g. > 5.", self._at)
        wanted = _unquoted(token).casefold()
        return lambda mining: np.logical_or.reduce(
            [_contains(_texts(mining, WORDS[name]), wanted) for name in SEARCHED]
        )

    def _value(self) -> _Value:
        if self._next >= len(self._tokens):
            raise FilterError("Something is missing at the end.", self._end)
        token = self._tokens[self._next]
        if token.kind == "sign" or (token.text.casefold() in ("and", "or", "not") and token.kind == "word"):
            raise FilterError(f"A column, number or text is missing before {token.text!r}.", token.at)
        if self._peek("abs") and self._follows("("):
            self._next += 2
            column = self._column(self._closed())
            if not column.is_number:
                raise FilterError(f"{column.word} holds texts; abs() wants numbers.", token.at)
            return _Value(token.at, number=lambda mining: np.abs(mining.table.numbers[column.name]))
        self._next += 1
        return _value(token)

    def _closed(self) -> _Token:
        """The token before a closing bracket."""
        if self._next >= len(self._tokens):
            raise FilterError("Something is missing at the end.", self._end)
        token = self._tokens[self._next]
        self._next += 1
        self._expect(")")
        return token

    def _column(self, token: _Token) -> MiningColumn:
        column = _column(token)
        if column is None:
            raise FilterError(f"There is no column {token.text!r}.", token.at)
        return column

    @property
    def _at(self) -> int:
        return self._tokens[self._next].at if self._next < len(self._tokens) else self._end

    def _peek(self, text: str) -> bool:
        token = self._tokens[self._next] if self._next < len(self._tokens) else None
        return token is not None and token.kind in ("word", "sign") and token.text.casefold() == text

    def _follows(self, text: str) -> bool:
        return self._next + 1 < len(self._tokens) and self._tokens[self._next + 1].text == text

    def _take(self, text: str) -> bool:
        found = self._peek(text)
        self._next += found
        return found

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise FilterError(f"{text!r} is missing here.", self._at)


def _value(token: _Token) -> _Value:
    if token.kind == "number":
        number = float(token.text)
        return _Value(token.at, number=lambda mining: np.full(len(mining.table), number))
    column = _column(token)
    if column is None:
        text = _unquoted(token)
        return _Value(token.at, text=lambda mining: (text,) * len(mining.table))
    if column.is_number:
        return _Value(token.at, number=lambda mining: mining.table.numbers[column.name])
    return _Value(token.at, text=lambda mining: _texts(mining, column))


def _column(token: _Token) -> MiningColumn | None:
    return WORDS.get(token.text.casefold()) if token.kind == "word" else None


def _unquoted(token: _Token) -> str:
    return token.text[1:-1] if token.kind == "quoted" else token.text


def _texts(mining: Mining, column: MiningColumn) -> tuple[str, ...]:
    if column.name in mining.table.texts:
        return mining.table.texts[column.name]
    if not mining.marks:
        return ("",) * len(mining.table)
    return tuple(mining.text(column.name, row) for row in range(len(mining.table)))


def _compared(left: _Value, sign: str, right: _Value, at: int) -> Test:
    first, second, one, other = left.number, right.number, left.text, right.text
    if first is not None and second is not None and sign in _ORDERS:
        return _numbers(first, sign, second)
    if one is not None and other is not None and sign in _TEXT_SIGNS:
        return _words(one, sign, other)
    if (first is None) is (second is None):
        what = "numbers" if first is not None else "texts"
        raise FilterError(f"{sign!r} does not compare {what}.", at)
    raise FilterError("A number is compared with a text. Is the column's name misspelt?", at)


def _numbers(left: Callable[[Mining], Doubles], sign: str, right: Callable[[Mining], Doubles]) -> Test:
    order = _ORDERS[sign]

    def test(mining: Mining) -> Rows:
        a, b = left(mining), right(mining)
        return np.asarray(order(a, b) & ~np.isnan(a) & ~np.isnan(b))

    return test


def _words(
    left: Callable[[Mining], tuple[str, ...]], sign: str, right: Callable[[Mining], tuple[str, ...]]
) -> Test:
    def holds(a: str, b: str) -> bool:
        a, b = a.casefold(), b.casefold()
        return (b in a if "~" in sign else a == b) is not sign.startswith("!")

    def test(mining: Mining) -> Rows:
        known: dict[tuple[str, str], bool] = {}
        pairs = zip(left(mining), right(mining), strict=True)
        return np.array(
            [known[pair] if pair in known else known.setdefault(pair, holds(*pair)) for pair in pairs], bool
        )

    return test


def _contains(texts: tuple[str, ...], wanted: str) -> Rows:
    return np.array([wanted in text.casefold() for text in texts], bool)


def _known(column: MiningColumn) -> Test:
    if column.is_number:
        return lambda mining: ~np.isnan(mining.table.numbers[column.name])
    return lambda mining: np.array([bool(text) for text in _texts(mining, column)], bool)


def _not(test: Test) -> Test:
    return lambda mining: ~test(mining)


def _all(tests: list[Test]) -> Test:
    return lambda mining: np.logical_and.reduce([test(mining) for test in tests])


def _any(tests: list[Test]) -> Test:
    return lambda mining: np.logical_or.reduce([test(mining) for test in tests])
