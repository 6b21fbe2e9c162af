"""What a run keeps so that its tokens can be read: their texts, and its first question as the model saw it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from leaderbench.models.base import Model
from leaderbench.models.spelling import size
from leaderbench.records import Question, Sample, TokenText
from leaderbench.requests import Encoding, LogLikelihood, Request
from leaderbench.results.tokens import AskedTokens, RunTokens


def tokens_of(model: Model, questions: Iterable[Question], samples: Sequence[Sample]) -> RunTokens | None:
    """The texts of all tokens of a run, and the question of its first sample in tokens; None where the model knows no
    texts. Nothing is asked: that question is encoded once more.
    """
    first = next(question for question in questions if question.example.id == samples[0].example_id)
    used = {token for sample in samples for tokens in sample.continuation_tokens for token in tokens}
    seen = list(_seen(model, first, samples[0]))
    used.update(token for _, context, continuations in seen for tokens in (context, *continuations) for token in tokens)
    texts = model.token_texts(sorted(used))
    if not texts:
        return None
    requests = tuple(
        AskedTokens(context, len(context) - question_tokens(request, context, texts), continuations)
        for request, context, continuations in seen
    )
    return RunTokens(texts, first.example.id, requests)


def _seen(
    model: Model, question: Question, sample: Sample
) -> Iterator[tuple[Request, tuple[int, ...], tuple[tuple[int, ...], ...]]]:
    """Each request with the context that the model saw and the tokens of the answers; none that cannot be asked."""
    place = 0
    for request, encoded in zip(question.requests, model.encode(question.requests), strict=True):
        if encoded.problem is not None:
            continue
        # What was written stands in the sample, behind the answers to the requests before.
        continuations = encoded.continuations or sample.continuation_tokens[place : place + 1]
        place += len(continuations)
        yield request, encoded.context[len(encoded.context) - encoded.kept[0] :], continuations


def question_tokens(request: Request, context: Sequence[int], texts: Mapping[int, TokenText]) -> int:
    """How many of a context's last tokens spell the question.

    Counted from the end, so that it holds whatever was dropped at the beginning.
    """
    question = request.context.question
    if isinstance(request, LogLikelihood) and request.encoding is Encoding.JOINT:
        question = question.rstrip()  # as its spaces at the end went to the continuations
    left, count = len(question.encode()), 0
    while left > 0 and count < len(context):
        count += 1
        known = texts.get(context[-count])
        left -= size(known) if known else 0
    return count
