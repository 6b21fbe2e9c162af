"""Regular expressions from strangers: a subset that is searched in time proportional to the text, whatever is asked.

Python's own `re` tries alternatives one after the other, and a pattern such as `(a+)+b` makes it try for ever. Here all
alternatives are followed at once (K. Thompson, Regular expression search algorithm, CACM 11(6), 1968), as bits of a
number, and each step is remembered, so that most characters cost one look-up.

Understood: letters as they are (case never matters), `.`, `[a-z0-9]`, `[^…]`, `\\d \\w \\s \\D \\W \\S`, `(…)`,
`(?:…)`, `|`, `* + ?`, `{2} {2,} {2,5}`, their lazy forms (the same: only whether something is found counts),
`^ $ \\b \\B`, and a backslash before anything that is no letter or digit. Not understood: references back, looking
around, flags.
"""

from dataclasses import dataclass, field

longest_pattern = 200
"""Characters of a pattern."""

most_instructions = 256
"""Instructions of a compiled pattern; repetitions are written out."""

most_repeats = 50
"""The largest number in braces."""

most_states = 1000
"""Steps are remembered for so many states, then forgotten and remembered anew."""

_deepest = 20


class PatternError(ValueError):
    """The text is no pattern of the subset."""


def fold(text: str) -> str:
    """A text in lower case, character by character, so that places in it stay what they were."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := character.lower()) == 1 else character for character in text)


@dataclass(frozen=True, slots=True)
class _Set:
    """The characters that one place of a pattern takes."""

    ranges: tuple[tuple[str, str], ...] = ()
    kinds: str = ""
    """Of `dwsDWS`, what may be there besides the ranges."""

    negated: bool = False

    def holds(self, character: str) -> bool:
        inside = any(low <= character <= high for low, high in self.ranges)
        inside = inside or any(_of_kind(kind, character) for kind in self.kinds)
        return inside != self.negated


def _of_kind(kind: str, character: str) -> bool:
    known = {
        "d": character.isdecimal(),
        "w": _is_word(character),
        "s": character.isspace(),
    }[kind.lower()]
    return known != kind.isupper()


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


@dataclass(slots=True)
class _Split:
    """Go on at either place, or at the only one there is."""

    places: list[int] = field(default_factory=list)


_Instruction = _Set | _Split | str
"""A set takes a character; a split goes on elsewhere; `^ $ b B` asserts something of the place; `` is the end."""

_ANY = _Set((("\n", "\n"),), negated=True)


@dataclass(slots=True, eq=False)
class _State:
    """Where a search stands after a character of a kind (`start`, `word`, `other`), and the steps known from there."""

    places: int
    """Instructions that wait for a character, as bits."""

    before: str
    steps: "dict[str, _State]" = field(default_factory=dict)


_FOUND = _State(0, "")


class Pattern:
    """A compiled pattern; several threads may search with one."""

    def __init__(self, text: str) -> None:
        """Compile a pattern. Raises `PatternError` where it is none of the subset, or too long."""
        if len(text) > longest_pattern:
            raise PatternError(f"longer than {longest_pattern} characters")
        self.text = text
        self._program: list[_Instruction] = _Compiler(text).program
        self.literal = _literal(self._program)
        """A text that is in everything in which the pattern is found, the longest that is easily known."""

        self._match = 1 << (len(self._program) - 1)
        self._takes: dict[str, int] = {}
        self._closures: dict[tuple[str, str], dict[int, int]] = {}
        self._known: dict[tuple[int, str], _State] = {}
        self._start = self._state(1, "start")

    def found_in(self, text: str) -> bool:
        """Whether it occurs anywhere in a text that `fold` gave."""
        state = self._start
        for character in text:
            following = state.steps.get(character)
            if following is None:
                following = self._step(state, character)
            if following is _FOUND:
                return True
            state = following
        return bool(self._closed(state.places, state.before, "end") & self._match)

    def _step(self, state: "_State", character: str) -> "_State":
        """The state after one more character, or that the pattern was found before it."""
        kind = "word" if _is_word(character) else "other"
        closed = self._closed(state.places, state.before, kind)
        if closed & self._match:
            following = _FOUND
        else:
            # The last bit: it may begin at any place.
            following = self._state((closed & self._taking(character)) << 1 | 1, kind)
        state.steps[character] = following
        return following

    def _state(self, places: int, before: str) -> "_State":
        if len(self._known) >= most_states:
            # Other threads may still walk through the states of old, which stay as good as they were.
            self._known = {}
            self._start = self._known[1, "start"] = _State(1, "start")
        found = self._known.get((places, before))
        return found if found is not None else self._known.setdefault((places, before), _State(places, before))

    def end(self, text: str, start: int) -> int | None:
        """Where the longest occurrence that begins at `start` ends, in a text that `fold` gave; None for none."""
        kinds = ["start", *("word" if _is_word(character) else "other" for character in text), "end"]
        states, best = 1, None
        for place in range(start, len(text) + 1):
            closed = self._closed(states, kinds[place], kinds[place + 1])
            if closed & self._match:
                best = place
            if place == len(text):
                break
            states = (closed & self._taking(text[place])) << 1
            if not states:
                break
        return best

    def _taking(self, character: str) -> int:
        """The instructions that take this character, as bits."""
        if character not in self._takes:
            if len(self._takes) > 10_000:
                self._takes.clear()
            bits = 0
            for place, instruction in enumerate(self._program):
                if isinstance(instruction, _Set) and instruction.holds(character):
                    bits |= 1 << place
            self._takes[character] = bits
        return self._takes[character]

    def _closed(self, states: int, before: str, after: str) -> int:
        """All instructions reached from these without taking a character, between two kinds of character."""
        known = self._closures.setdefault((before, after), {})
        total, shift = 0, 0
        while states:  # eight at a time
            if byte := states & 255:
                key = shift << 8 | byte
                if key not in known:
                    known[key] = self._reached(byte << shift, before, after)
                total |= known[key]
            states >>= 8
            shift += 8
        return total

    def _reached(self, states: int, before: str, after: str) -> int:
        waiting = [place for place in range(len(self._program)) if states >> place & 1]
        seen = 0
        while waiting:
            place = waiting.pop()
            if seen >> place & 1:
                continue
            seen |= 1 << place
            instruction = self._program[place]
            if isinstance(instruction, _Split):
                waiting += instruction.places
            elif isinstance(instruction, str) and instruction and _holds(instruction, before, after):
                waiting.append(place + 1)
        return seen


def _holds(assertion: str, before: str, after: str) -> bool:
    if assertion in "^$":
        return before == "start" if assertion == "^" else after == "end"
    return ((before == "word") != (after == "word")) == (assertion == "b")


def _literal(program: list[_Instruction]) -> str:
    """The longest run of single characters that every way through a program takes: before the first split, or behind
    the last place that a split leads to.
    """
    splits = [place for place, instruction in enumerate(program) if isinstance(instruction, _Split)]
    ends = [target for place in splits for target in (place, *_targets(program[place]))]
    parts = [program[: splits[0]], program[max(ends) :]] if splits else [program]
    runs = [""]
    for part in parts:
        runs.append("")
        for instruction in part:
            character = _single(instruction)
            if character:
                runs[-1] += character
            else:
                runs.append("")
    return max(runs, key=len)


def _targets(instruction: _Instruction) -> list[int]:
    return instruction.places if isinstance(instruction, _Split) else []


def _single(instruction: _Instruction) -> str:
    """The one character in lower case that an instruction takes; empty where it takes several, or none."""
    if not isinstance(instruction, _Set) or instruction.kinds or instruction.negated:
        return ""
    found = {fold(character) for low, high in instruction.ranges for character in (low, high)}
    return found.pop() if len(found) == 1 and all(low == high for low, high in instruction.ranges) else ""


class _Compiler:
    """Reads a pattern and writes its program."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.program: list[_Instruction] = []
        self.alternatives(0)
        if self.place < len(text):
            raise PatternError("a bracket is closed that was not opened")
        self.write("")

    def write(self, instruction: _Instruction) -> None:
        if len(self.program) >= most_instructions:
            raise PatternError("too much to follow at once")
        self.program.append(instruction)

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def take(self) -> str:
        if not (character := self.peek()):
            raise PatternError("it ends too early")
        self.place += 1
        return character

    def alternatives(self, depth: int) -> None:
        """`a|b|c`: a split before each but the last, a way from the end of each to the end of all."""
        if depth > _deepest:
            raise PatternError("brackets in brackets in brackets")
        ways: list[_Split] = []
        start = len(self.program)
        self.sequence(depth)
        while self.peek() == "|":
            self.take()
            ways.append(_Split())
            self.write(ways[-1])
            self.insert(start, _Split([start + 1, len(self.program) + 1]))
            start = len(self.program)
            self.sequence(depth)
        for way in ways:
            way.places.append(len(self.program))

    def insert(self, place: int, split: _Split) -> None:
        """Put a split before what is already written; ways that lead behind it move along."""
        for instruction in self.program[place:]:
            if isinstance(instruction, _Split):
                instruction.places = [target + (target >= place) for target in instruction.places]
        self.write("")
        self.program.insert(place, split)
        self.program.pop()

    def sequence(self, depth: int) -> None:
        while self.peek() and self.peek() not in "|)":
            start = len(self.program)
            self.one(depth)
            while (repeats := self.repeats()) is not None:
                self.repeat(start, *repeats)

    def one(self, depth: int) -> None:
        """One character, set, assertion or group."""
        character = self.take()
        if character == "(":
            if self.peek() == "?":
                if self.text[self.place : self.place + 2] != "?:":
                    raise PatternError("a group of this kind is not understood")
                self.place += 2
            self.alternatives(depth + 1)
            if self.peek() != ")":
                raise PatternError("a bracket is not closed")
            self.take()
        elif character == "[":
            self.write(self.set())
        elif character in "^$":
            self.write(character)
        elif character == ".":
            self.write(_ANY)
        elif character == "\\":
            self.escape()
        elif character in "*+?{":
            raise PatternError("nothing to repeat")
        else:
            self.write(_only(character))

    def escape(self) -> None:
        character = self.take()
        if character in "bB":
            self.write(character)
        elif character in "dwsDWS":
            self.write(_Set(kinds=character))
        elif character.isalnum():
            raise PatternError(f"\\{character} is not understood")
        else:
            self.write(_only(character))

    def set(self) -> _Set:
        negated = self.peek() == "^"
        self.place += negated
        ranges: list[tuple[str, str]] = []
        kinds = ""
        first = True
        while first or self.peek() != "]":
            low, first = self.take(), False
            if low == "\\":
                low = self.take()
                if low in "dwsDWS":
                    kinds += low
                    continue
                if low.isalnum():
                    raise PatternError(f"\\{low} is not understood")
            high = low
            if self.peek() == "-" and self.text[self.place + 1 : self.place + 2] not in ("]", ""):
                self.take()
                high = self.take()
                if high == "\\" or high < low:
                    raise PatternError("a range goes from low to high")
            ranges += [(low, high), (fold(low), fold(high))]
        self.take()
        return _Set(tuple(ranges), kinds, negated)

    def repeats(self) -> tuple[int, int | None] | None:
        """How often what stands before may come; lazy forms are taken for the plain ones."""
        character = self.peek()
        if character and character in "*+?":
            self.take()
            found: tuple[int, int | None] = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
        elif character == "{":
            found = self.braces()
        else:
            return None
        if self.peek() == "?":
            self.take()
        elif self.peek() and self.peek() in "*+{":
            raise PatternError("a repetition of a repetition")
        return found

    def braces(self) -> tuple[int, int | None]:
        inside, closed, _ = self.text[self.place + 1 :].partition("}")
        low, comma, high = inside.partition(",")
        numbers = [low] if not comma or not high else [low, high]
        if not closed or not all(number.isascii() and number.isdecimal() and len(number) <= 3 for number in numbers):
            raise PatternError("braces hold one or two numbers")
        self.place += len(inside) + 2
        least, most = int(low), int(high) if high else None if comma else int(low)
        if max(least, most or 0) > most_repeats or (most is not None and most < least):
            raise PatternError(f"at most {most_repeats} repetitions, from few to many")
        return least, most

    def repeat(self, start: int, least: int, most: int | None) -> None:
        """Write out what was written since `start` as often as it may come."""
        body = self.program[start:]
        del self.program[start:]
        for _ in range(least):
            self.copy(body, start)
        if most is None:
            loop = len(self.program)
            split = _Split()
            self.write(split)
            self.copy(body, start)
            self.write(_Split([loop]))
            split.places = [loop + 1, len(self.program)]
            return
        optional: list[_Split] = []
        for _ in range(most - least):
            optional.append(_Split([len(self.program) + 1]))
            self.write(optional[-1])
            self.copy(body, start)
        for split in optional:
            split.places.append(len(self.program))

    def copy(self, body: list[_Instruction], start: int) -> None:
        moved = len(self.program) - start
        for instruction in body:
            if isinstance(instruction, _Split):
                instruction = _Split([target + moved for target in instruction.places])
            self.write(instruction)


def _only(character: str) -> _Set:
    return _Set(((character, character), (fold(character), fold(character))))
