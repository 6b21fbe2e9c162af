"""Ask a model whatever its log does not answer yet, and keep each answer as it comes."""

import time
from collections.abc import Callable, Iterable, Mapping
from logging import getLogger

from leaderbench.models.base import Model
from leaderbench.records import Answer, Failure, Response
from leaderbench.requests import Request, digest
from leaderbench.results.store import Store

SECONDS_BETWEEN_WRITES = 1.0
"""Answers younger than this may be lost to a kill -9; anything else that stops a run keeps them too."""

MOST_UNWRITTEN = 2048
"""Answers held in memory at most before they are written."""


def ask(
    model: Model,
    requests: Iterable[Request],
    store: Store,
    seen: Callable[[Mapping[str, Response], bool], None] = lambda responses, stored: None,
) -> dict[str, Response]:
    """The response to each distinct request, by digest: from the log, or from the model and then in the log.

    `seen` is told of the responses as they come, first of those that were stored. A request that fails is in the
    result, not in the log, so that it is asked again next time. What the log had to put right is said as a warning.

    Raises:
        LeaderbenchError: the store cannot be written, or another process is writing to this model's log.
    """
    distinct = {digest(request): request for request in requests}
    log = store.read_log(model.name, model.identity)
    responses: dict[str, Response] = {}
    with log:
        for name in distinct:
            if (answer := log.get_digest(name)) is not None:
                responses[name] = answer
    seen(responses, True)
    missing = [request for name, request in distinct.items() if name not in responses]
    if not missing:
        return responses
    with store.log(model.name, model.identity) as log:
        for sentence in log.damage:
            getLogger(__name__).warning(sentence)
        unwritten: list[tuple[Request, Answer]] = []
        written = time.monotonic()
        try:
            for request, response in model.answer(missing):
                name = digest(request)
                responses[name] = response
                if not isinstance(response, Failure):
                    unwritten.append((request, response))
                if len(unwritten) >= MOST_UNWRITTEN or time.monotonic() - written > SECONDS_BETWEEN_WRITES:
                    log.append(unwritten)
                    unwritten, written = [], time.monotonic()
                seen({name: response}, False)
        finally:
            if unwritten:
                log.append(unwritten)
    for request in missing:
        responses.setdefault(digest(request), Failure("the model gave no answer to this request"))
    return responses
