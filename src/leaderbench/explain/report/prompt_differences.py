"""What differs between two prompts: parts that both share, and between them the two versions with changes marked.

Lines first, then words within the lines that differ. The cost is bounded: what both begin and end with is set aside in
linear time, and what is too long to compare word by word is marked as a whole.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_LINES = 2_000
"""Longer middles are not compared line by line."""

MAX_WORDS = 1_500
"""Longer passages are not compared word by word."""

MIN_SHARED_LINES = 3
"""Fewer equal lines between two changes are shown as part of the change: chance, such as an empty line."""

MIN_ALIKE = 0.4
"""Passages with a smaller share of equal words have nothing in common that is worth marking."""

_words = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of one version."""

    text: str
    changed: bool
    """Whether the other version has something else here."""


@dataclass(frozen=True, slots=True)
class Same:
    """Text that both prompts have."""

    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Text that differs, in both versions; either may be empty."""

    a: tuple[Piece, ...]
    b: tuple[Piece, ...]


Passage = Same | Changed


def compare(a: str, b: str) -> tuple[Passage, ...]:
    """Two prompts as passages in order; the texts of `a`, put together, give `a` again, and those of `b` give `b`."""
    lines_a, lines_b = lines(a), lines(b)
    head = _shared_start(lines_a, lines_b)
    tail = _shared_start(lines_a[head:][::-1], lines_b[head:][::-1])
    middle_a, middle_b = lines_a[head : len(lines_a) - tail], lines_b[head : len(lines_b) - tail]
    passages: list[Passage] = [Same("".join(lines_a[:head]))] if head else []
    for equal, part_a, part_b in _runs(middle_a, middle_b):
        passages.append(Same("".join(part_a)) if equal else _changed("".join(part_a), "".join(part_b)))
    return (*passages, Same("".join(lines_a[len(lines_a) - tail :]))) if tail else tuple(passages)


def lines(text: str) -> list[str]:
    """The lines of a text with the line feeds that end them; no other character ends a line."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _shared_start(a: Sequence[str], b: Sequence[str]) -> int:
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _runs(a: list[str], b: list[str]) -> list[tuple[bool, list[str], list[str]]]:
    """Alternately different and equal runs of lines; short equal runs become part of what is around them."""
    if not a and not b:
        return []
    if max(len(a), len(b)) > MAX_LINES:
        return [(False, a, b)]
    runs: list[tuple[bool, list[str], list[str]]] = []
    for name, a1, a2, b1, b2 in SequenceMatcher(None, a, b).get_opcodes():
        equal = name == "equal" and a2 - a1 >= MIN_SHARED_LINES
        if runs and not equal and not runs[-1][0]:
            _, before_a, before_b = runs.pop()
            runs.append((False, before_a + a[a1:a2], before_b + b[b1:b2]))
        else:
            runs.append((equal, a[a1:a2], b[b1:b2]))
    return runs


def _changed(a: str, b: str) -> Changed:
    """Two versions of a passage, word by word."""
    words_a, words_b = _words.findall(a), _words.findall(b)
    head = _shared_start(words_a, words_b)
    tail = _shared_start(words_a[head:][::-1], words_b[head:][::-1])
    middle_a, middle_b = words_a[head : len(words_a) - tail], words_b[head : len(words_b) - tail]
    inner_a, inner_b = _pieces(middle_a, middle_b)
    start, end = "".join(words_a[:head]), "".join(words_a[len(words_a) - tail :])
    around = (Piece(start, changed=False), Piece(end, changed=False))
    return Changed(*(_joined((around[0], *inner, around[1])) for inner in (inner_a, inner_b)))


def _pieces(a: list[str], b: list[str]) -> tuple[list[Piece], list[Piece]]:
    whole = [Piece("".join(a), changed=True)], [Piece("".join(b), changed=True)]
    if not a or not b or max(len(a), len(b)) > MAX_WORDS:
        return whole
    matcher = SequenceMatcher(None, a, b)
    if matcher.quick_ratio() < MIN_ALIKE or matcher.ratio() < MIN_ALIKE:
        return whole
    pieces_a, pieces_b = [], []
    for name, a1, a2, b1, b2 in matcher.get_opcodes():
        pieces_a.append(Piece("".join(a[a1:a2]), changed=name != "equal"))
        pieces_b.append(Piece("".join(b[b1:b2]), changed=name != "equal"))
    return pieces_a, pieces_b


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Neighbours of a kind become one; changes with nothing but spaces between them as well."""
    kept: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if kept and kept[-1].changed == piece.changed:
            kept[-1] = Piece(kept[-1].text + piece.text, piece.changed)
        elif piece.changed and len(kept) > 1 and not kept[-1].text.strip(" "):
            between = kept.pop().text
            kept[-1] = Piece(kept[-1].text + between + piece.text, changed=True)
        else:
            kept.append(piece)
    return tuple(kept)


def shortened(passages: Sequence[Passage], allowance: int) -> tuple[Passage, ...]:
    """The passages with at most `allowance` characters of either prompt; what is cut says how much it was.

    What differs is kept before what is shared, and of the shared text the end, where the question stands.
    """
    order = [place for place, passage in enumerate(passages) if isinstance(passage, Changed)]
    order += [place for place in reversed(range(len(passages))) if isinstance(passages[place], Same)]
    made = list(passages)
    left_a = left_b = allowance
    for place in order:
        match passages[place]:
            case Changed(a, b):
                short_a, short_b = _cut(a, left_a), _cut(b, left_b)
                made[place] = Changed(short_a, short_b)
                left_a, left_b = left_a - min(left_a, _length(a)), left_b - min(left_b, _length(b))
            case Same(text):
                room = min(left_a, left_b)
                made[place] = Same("".join(piece.text for piece in _cut((Piece(text, changed=False),), room)))
                left_a, left_b = left_a - min(left_a, len(text)), left_b - min(left_b, len(text))
    return tuple(made)


def _length(pieces: Sequence[Piece]) -> int:
    return sum(len(piece.text) for piece in pieces)


def _cut(pieces: tuple[Piece, ...], room: int) -> tuple[Piece, ...]:
    """Pieces with the middle cut out where they are longer than `room`; the cut says how many characters it took."""
    length = _length(pieces)
    if length <= room:
        return pieces
    start = room // 2
    end = length - (room - start)
    gap = Piece(f" […{end - start:,} characters are not shown…] ", changed=False)
    return (*_between(pieces, 0, start), gap, *_between(pieces, end, length))


def _between(pieces: Sequence[Piece], start: int, end: int) -> Iterator[Piece]:
    place = 0
    for piece in pieces:
        text = piece.text[max(0, start - place) : max(0, end - place)]
        if text:
            yield Piece(text, piece.changed)
        place += len(piece.text)
