"""A board as it goes out, in HTML and in JSON: each row is drawn once and kept, so that a page is a join."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from leaderbench.boards.arranged import model_columns
from leaderbench.boards.table import Cell, Place, Standing
from leaderbench.models.facts import Fact
from leaderbench.models.search import highlights
from leaderbench.sentences import Sentence
from leaderbench.text.visible import visible
from leaderbench.web import notation, words
from leaderbench.web.drawing import address, figure, part, whisker
from leaderbench.web.live import LiveStore
from leaderbench.web.shown.boards import Selection, select, selected_row, without_rows
from leaderbench.web.values.boards import ShownBoard
from leaderbench.web.views import BoardView, Values

fact_titles = {
    "parameters": Sentence("Size"),
    "type": Sentence("Type"),
    "licence": Sentence("Licence"),
    "precision": Sentence("Precision"),
    "context": Sentence("Context length"),
    "date": Sentence("Date"),
}
"""Heads of the columns about models."""


def as_json(live: LiveStore, name: str, view: BoardView) -> bytes:
    """One page of a board as JSON: what `shown_board` gives. Raises as it does."""
    selection = select(live, name, view)
    kept = _kept(live, selection, ("json", selection.facts))
    first = (selected_row(live, selection, place, pinned=True).model_dump_json() for place in selection.pinned)
    rest = (_json_row(live, selection, kept, place) for place in selection.rest)
    board = without_rows(live, name, view, selection)
    paged = board.rows.model_dump_json(exclude={"items"})
    rows = f'{paged[:-1]},"items":[{",".join([*first, *rest])}]}}'
    return f'{board.model_dump_json(exclude={"rows"})[:-1]},"rows":{rows}}}'.encode("utf-8", "replace")


def _json_row(live: LiveStore, selection: Selection, kept: list[Any], place: int) -> str:
    if selection.among is not None:  # its place depends on the filter
        return selected_row(live, selection, place).model_dump_json()
    line: str = kept[place] or selected_row(live, selection, place).model_dump_json()
    kept[place] = line
    return line


def _kept(live: LiveStore, selection: Selection, looks: tuple[object, ...]) -> list[Any]:
    """What is kept of the rows of these looks, empty where a row was not wanted yet; by the place of the row."""
    size = len(selection.table.rows)
    return live.keep(("rows", *selection.key[1:], *looks), live.version(), lambda: [""] * size)


def for_page(live: LiveStore, name: str, view: BoardView, language: str) -> dict[str, object]:
    """What the template of a board is filled with. Raises as `shown_board` does."""
    selection = select(live, name, view)
    board = without_rows(live, name, view, selection, language)
    keys = [selection.table.spec.columns[place].name for place in selection.arranged.with_runs]
    return {
        "board": board,
        "facts": fact_heads(language),
        "rows": as_html(live, language, view, selection),
        "menus": _menus(live, language, view, board, selection.arranged.counts),
        "comparable": [(column.key, column.title) for column in board.columns if column.key in keys],
    }


def fact_heads(language: str) -> list[tuple[str, str]]:
    """The columns about models: what each is called in addresses, and its head."""
    return [(name, words.translated(language, fact_titles[name])) for name in model_columns]


def _menus(
    live: LiveStore, language: str, view: BoardView, board: ShownBoard, counts: dict[str, dict[str, int]]
) -> Markup:
    """The menus of filters above a board: the same for any search, order and page."""
    apart = view.model_copy(update={"q": "", "sort": "", "pin": [], "page": 1, "rows": 1})
    key = "menus", board.name, language, apart.address()
    values = {"view": view, "board": board, "counts": counts, "facts": fact_heads(language)}
    return live.keep(key, live.version(), lambda: part(language, "board_menus.html.j2", values))


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of a table in HTML, in the parts between which something depends on the view."""

    rank: str
    """The cell of the rank."""

    opening: str
    """From there to the model's name."""

    name: str
    closing: str
    """What follows the name."""


def as_html(live: LiveStore, language: str, view: BoardView, selection: Selection) -> Markup:
    """The rows of a page of a board, each a line of its table. Every text of strangers in it is escaped."""
    kept: list[_Line | str] = _kept(live, selection, (language, view.values, view.digits, selection.facts))
    drawn = [_joined(_line(selection, place, language, view), selection, place, view) for place in selection.pinned]
    for place in selection.rest:
        line = kept[place]
        if isinstance(line, str):
            line = kept[place] = _line(selection, place, language, view)
        drawn.append(_joined(line, selection, place, view))
    return Markup("\n".join(drawn))  # noqa: S704 - every text in it is escaped


def _joined(line: _Line, selection: Selection, place: int, view: BoardView) -> str:
    rank = line.rank if selection.among is None else _rank(selection.among.get(selection.table.rows[place].name), "")
    name = _marked(line.name, view.q) if view.q else escape(line.name)
    return f"{rank}{line.opening}{name}{line.closing}"


def _line(selection: Selection, place: int, language: str, view: BoardView) -> _Line:
    row, pinned = selection.row(place), place in selection.pinned
    kind = " ".join(word for word, is_so in (("baseline", row.baseline), ("pinned", pinned)) if is_so)
    badges = [words.told(language, Sentence("baseline"))] if row.baseline else []
    badges += [
        words.told(language, flag) for flag in row.flags if row.baseline or flag not in selection.arranged.shared_flags
    ]
    after = "".join(f' <span class="badge">{escape(visible(text))}</span>' for text in badges)
    link = escape(address(language, "model", name=row.model))
    numbers = _numbers(selection, row, language, view.digits, normalised=view.values is Values.NORMALISED)
    return _Line(
        rank=f'<tr class="{kind}">{_rank(row.static, words.told(language, Sentence(row.basis.value)))}',
        opening=f'<th scope="row" class="name" id="r{place}"><a href="{link}" title="{escape(visible(row.name))}">',
        name=visible(selection.arranged.short_names[row.model] + row.name.removeprefix(row.model)),
        closing=f"</a>{after}{_marks(place, row, view, pinned=pinned)}</th>{numbers}</tr>",
    )


def _rank(place: Place | None, basis: str) -> str:
    """The cell of a place, with what its interval is worked out from."""
    if place is None:
        return '<td class="rank"></td>'
    ends = ""
    if place.low is not None:
        reach = f"{place.low:,}" if place.low == place.high else f"{place.low:,}–{place.high:,}"
        ends = f'<span class="ends">{reach}</span>'
    return f'<td class="rank" title="{escape(basis)}">{place.rank:,}{ends}</td>'


def _marked(name: str, search: str) -> str:
    """A name with what a search found in it marked."""
    parts, end = [], 0
    for begin, after in highlights(name, search) if search else ():
        parts += [escape(name[end:begin]), Markup("<mark>{}</mark>").format(name[begin:after])]
        end = after
    return "".join([*parts, escape(name[end:])])


def _marks(place: int, row: Standing, view: BoardView, *, pinned: bool) -> str:
    """What pins a row, or what takes a pin away; and the box that chooses it for a comparison."""
    name = escape(row.name)
    box = f'<input type="checkbox" form="compare" name="row" value="{name}" aria-labelledby="choose r{place}">'
    if pinned:
        others = escape(view.address(pin=[other for other in view.pin if other != row.name], page=1))
        mark = f'<a class="pin" href="{others}" aria-labelledby="unpin r{place}">●</a>'
    else:
        mark = f'<button class="pin" form="view" name="pin" value="{name}" aria-labelledby="pin r{place}">○</button>'
    return f'<span class="marks">{box}{mark}</span>'


def _numbers(selection: Selection, row: Standing, language: str, digits: int, *, normalised: bool) -> str:
    """The score and the cells of a row: what is the same whatever else a view asks for."""
    ends, share = selection.arranged.ends, selection.arranged.share
    score = figure(row.score, digits, share=share)
    low, high = figure(row.low, digits, share=share), figure(row.high, digits, share=share)
    below = f'<span class="ends">{low}–{high}</span>' if row.low == row.low and score else ""
    drawn = whisker(row.low, row.score, row.high, ends.get("score"))
    spec, shares = selection.table.spec, selection.arranged.shares
    columns = [(spec.columns[place].name, shares[place]) for place in selection.columns]
    record = selection.arranged.models.records[selection.arranged.places[row.name]]
    found = [f'<td class="score"><strong>{score}</strong>{below}{drawn}</td>']
    found += [_fact(getattr(record, name), name, language) for name in selection.facts]
    for cell, (column, own) in zip(row.cells, columns, strict=True):
        found.append(_cell(cell, ends.get(column), language, digits, own, normalised=normalised))
    return "".join(found)


def _fact(fact: Fact[Any] | None, name: str, language: str) -> str:
    """A fact of a model: a guess has a question mark, since nobody knows it."""
    if fact is None:
        return '<td class="fact">–</td>'
    source = escape(words.told(language, Sentence(fact.source.value)))
    if name == "parameters":
        text = notation.short_number(fact.value)
    elif isinstance(fact.value, int):
        text = notation.whole(language, fact.value)
    else:
        text = words.translated(language, str(fact.value)) if name == "type" else str(fact.value)
    text = escape(visible(text))
    mark = f'<span class="guess">{text}?</span>' if fact.guessed else text
    return f'<td class="fact" title="{source}">{mark}</td>'


def _cell(
    cell: Cell | None, ends: tuple[float, float] | None, language: str, digits: int, share: bool, *, normalised: bool
) -> str:
    if cell is None:
        return "<td>–</td>"
    text = figure(cell.normalised if normalised else cell.estimate, digits, share=share) or "–"
    text += "*" if cell.lacking else ""
    low, high = figure(cell.low, 2, share=share), figure(cell.high, 2, share=share)
    reach = f" ({low}–{high})" if low else ""
    known = f"{figure(cell.estimate, 4, share=share)}{reach}" + (f" n = {cell.n:,}" if cell.n else "")
    drawn = "" if normalised else whisker(cell.low, cell.estimate, cell.high, ends)
    if cell.run:
        return f'<td><a href="/{language}/runs/{_quoted(cell.run)}" title="{known}">{text}</a>{drawn}</td>'
    source = escape(visible(f"{words.told(language, Sentence(cell.provenance.value))} {cell.source}"))
    return f'<td><span title="{known} {source}">{text}</span>{drawn}</td>'


@lru_cache(maxsize=1000)
def _quoted(run: str) -> str:
    return escape(address("", "", run).rpartition("/")[2])
