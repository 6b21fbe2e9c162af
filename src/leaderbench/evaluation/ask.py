"""Ask a model whatever its log does not answer yet, and keep each answer as it comes."""

import time
from collections.abc import Callable, Iterable, Mapping
from logging import getLogger

from leaderbench import stopping
from leaderbench.models.base import Model
from leaderbench.records import Failure, Response
from leaderbench.requests import Request, digest
from leaderbench.results.store import Store

SECONDS_BETWEEN_WRITES = 1.0
"""Each answer is in its file as soon as it is given, so nothing that ends the process loses it; after this time at most
it is on the disk, so that a power cut does not either.
"""


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
        unwritten: list[tuple[Request, Response]] = []
        synced = time.monotonic()

        def write() -> None:
            with stopping.held():
                log.write((request, answer) for request, answer in unwritten if not isinstance(answer, Failure))
                unwritten.clear()

        try:
            for pair in model.answer(missing):
                unwritten.append(pair)  # before anything else: the interpreter heeds signals behind this call
                write()
                if time.monotonic() - synced > SECONDS_BETWEEN_WRITES:
                    log.sync()
                    synced = time.monotonic()
                request, response = pair
                name = digest(request)
                responses[name] = response
                seen({name: response}, False)
                stopping.check()
        finally:
            write()
            log.sync()
    for request in missing:
        responses.setdefault(digest(request), Failure("the model gave no answer to this request"))
    return responses
