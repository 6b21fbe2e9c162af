"""The boards at a glance: what the list of them says of each."""

from typing import Any

from leaderbench.boards.reading import Board
from leaderbench.boards.spec import said
from leaderbench.sentences import Sentence
from leaderbench.web.live import LiveStore
from leaderbench.web.shown.boards import known_boards
from leaderbench.web.shown.preparing import glance, has_glance
from leaderbench.web.site_file import Empty
from leaderbench.web.values.boards import ListedBoard


def listed_boards(live: LiveStore, language: str = "en") -> tuple[ListedBoard, ...]:
    """Every board that the site lists, in its order; one whose file is wrong says so."""
    site = live.site().site
    cards = [_listed(live, item, language) for name, item in known_boards(live).items() if name not in site.hidden]
    if site.empty is Empty.HIDDEN:
        cards = [card for card in cards if card.own or card.models != 0 or card.name in site.boards]
    named = {name: place for place, name in enumerate(site.boards)}
    return tuple(
        sorted(
            cards, key=lambda card: (named.get(card.name, len(named)), not card.own, not card.own and card.models == 0)
        )
    )


def _listed(live: LiveStore, item: Board, language: str) -> ListedBoard:
    spec = item.spec
    known = _at_a_glance(live, item.name) if spec else {}
    return ListedBoard(
        name=item.name,
        title=said(spec.title, language) if spec else item.name,
        about=said(spec.about, language) if spec else "",
        rule=Sentence(spec.rule.value) if spec else "",
        columns=tuple(column.name for column in spec.columns) if spec else (),
        own=item.own,
        problem=live.said(item.problem),
        **known,
    )


def _at_a_glance(live: LiveStore, name: str) -> dict[str, Any]:
    """How many models a board has, who leads and of when its latest score is; nothing while it is worked out."""
    if not has_glance(live, name):
        return {}
    seen = glance(live, name)
    return {"models": seen.models, "leaders": seen.leaders, "last": seen.last}
