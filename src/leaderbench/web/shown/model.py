"""One model: its scores, its places on boards and what is known of it."""

import time

from leaderbench.boards.spec import said
from leaderbench.sentences import Sentence
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown.boards import known_boards, shown_place
from leaderbench.web.shown.explanations import for_
from leaderbench.web.shown.models import listed, records, short_model
from leaderbench.web.shown.preparing import glance, has_glance
from leaderbench.web.shown.scores import model_score
from leaderbench.web.values.basics import known
from leaderbench.web.values.models import BoardPlace, ModelDetail, ShownModel

most_scores = 1000
"""Scores that a model's page shows at most."""

longest = 2.0
"""Seconds that a reader waits for the places of a model on boards that nobody has read yet."""

most_explanations = 50
"""Of a model that its page leads to."""


def shown_model(live: LiveStore, name: str, language: str = "en") -> ModelDetail:
    """A model with its scores, its places and what is known of it. Raises `AbsentError`."""
    model = listed(live).get(name)
    if model is None:
        raise AbsentError(Sentence("No model '{name}' has a score here.", name=name[:200]))
    found = records(live)
    record = found(name)
    entries = live.index.entries(models=[name])
    short = short_model(model, record)
    places, later = _places(live, name, {entry.benchmark for entry in entries}, language)
    return ModelDetail(
        **{field: getattr(short, field) for field in ShownModel.model_fields},
        identities=model.identities,
        scores=tuple(model_score(live, entry) for entry in entries[:most_scores]),
        places=places,
        places_later=later,
        explanations=for_(live, model=name)[:most_explanations],
        problems=tuple(map(live.said, (*record.problems, *found.problems))),
    )


def _places(live: LiveStore, name: str, benchmarks: set[str], language: str) -> tuple[tuple[BoardPlace, ...], int]:
    """The places of a model on boards, and how many boards are not worked out yet."""
    until = time.monotonic() + longest
    found: list[BoardPlace] = []
    later = 0
    for item in known_boards(live).values():
        if item.spec is None or benchmarks.isdisjoint(item.spec.names):
            continue
        if not has_glance(live, item.name) and time.monotonic() > until:
            later += 1
            continue
        seen = glance(live, item.name)
        found += [
            BoardPlace(
                board=item.name,
                title=said(item.spec.title, language),
                row=row.name,
                rank=shown_place(row.static),
                score=known(row.score),
                low=known(row.low),
                high=known(row.high),
                score_is_share=seen.share,
            )
            for row in seen.rows.get(name, ())
        ]
    return tuple(found), later
