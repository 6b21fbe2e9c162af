"""From requests to token ids: encoding and truncation, exactly as each recipe wants them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from transformers import PreTrainedTokenizerBase

from leaderbench.models.base import Encoded
from leaderbench.models.contexts import UNLIMITED
from leaderbench.models.panics import is_panic, reason_of
from leaderbench.models.pieces import Pieces, UnequalError
from leaderbench.requests import Encoding, Generate, LogLikelihood, Request, Truncation

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sequence may be."""

    context: int
    """The model's context length in tokens."""

    hard: int | None
    """Positions that exist at all (a table of learned positions); None where longer input still runs."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which strings of one request must be encoded."""

    context: str
    special: bool
    """Whether the context is encoded with special tokens."""

    continuations: tuple[tuple[str, bool], ...]
    """What is encoded to get each continuation, and whether with special tokens."""

    joint: bool = False
    """Whether those strings begin with the context, whose tokens then come off."""


class Encoder:
    """Encodes requests in batches, each distinct string once a batch."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, limits: Limits) -> None:
        self.tokenizer, self.limits = tokenizer, limits
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is not None:
            # A tokenizer's file may keep how its training cut and padded texts.
            backend.no_truncation()
            backend.no_padding()
        self.pieces = Pieces(tokenizer) if Pieces.suit(tokenizer) else None
        self.window = int(tokenizer.model_max_length)
        self.has_special = not backend or backend.num_special_tokens_to_add(False) > 0
        bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        first = bos if bos is not None else eos
        self.start: Tokens = () if first is None else (int(first),)

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """The token ids of each request, in order; a text that a library fails on is a problem of its request alone."""
        try:
            return self._encode(requests)
        except BaseException as error:
            if not is_panic(error):
                raise
            if len(requests) == 1:
                problem = f"the tokenizer fails on this text inside its library ({reason_of(error)})"
                return [Encoded((), (), (), 0, problem=problem)]
        half = len(requests) // 2
        return self.encode(requests[:half]) + self.encode(requests[half:])

    def _encode(self, requests: Sequence[Request]) -> list[Encoded]:
        # Nearly all fit as they are, so they are encoded whole first; what is too long is encoded again.
        plans = [self._plan(request, request.context.text) for request in requests]
        ids = self._ids(requests, plans)
        limits = [self._shot_limit(request, plan, ids) for request, plan in zip(requests, plans, strict=True)]
        shots = self._shots_that_fit(requests, limits, ids)
        texts = [request.context.with_shots(count) for request, count in zip(requests, shots, strict=True)]
        cut = self._cut_at_the_end(requests, texts, shots)
        changed = [i for i, text in enumerate(cut) if text != requests[i].context.text]
        for i in changed:
            plans[i] = self._plan(requests[i], cut[i])
        ids |= self._ids([requests[i] for i in changed], [plans[i] for i in changed])
        result = []
        for request, plan, count, before, after in zip(requests, plans, shots, texts, cut, strict=True):
            encoded = self._assemble(request, plan, ids)
            whole = encoded.context_tokens
            if count < len(request.context.shots):
                whole = len(self._one(request.context.text, request.special_tokens))
            elif after != before:
                whole = len(self._one(before, request.special_tokens))
            truncated = encoded.truncated
            if after != before:
                truncated = len(self._one(before, request.special_tokens)) - len(encoded.context)
            dropped = len(request.context.shots) - count
            result.append(replace(encoded, context_tokens=whole, shots_dropped=dropped, truncated=truncated))
        return result

    def _plan(self, request: Request, text: str) -> _Plan:
        # Without special tokens to add, both ways of encoding are one.
        special = request.special_tokens and self.has_special
        if isinstance(request, Generate):
            return _Plan(text, special, ())
        if request.encoding is Encoding.LAST_TOKEN:
            return _Plan(text, special, tuple((string, self.has_special) for string in request.continuations))
        if request.encoding is Encoding.SEPARATE:
            return _Plan(text, special, tuple((string, False) for string in request.continuations))
        if not text.rstrip():
            return _Plan("", special, tuple((text + string, False) for string in request.continuations))
        # Spaces at the end of the context belong to the continuation's first word, and a context that spells out its
        # BOS gets no second one.
        bos = self.tokenizer.bos_token
        special = special and not (isinstance(bos, str) and text.startswith(bos))
        strings = tuple((text + string, special) for string in request.continuations)
        return _Plan(text.rstrip(), special, strings, joint=True)

    def _assemble(self, request: Request, plan: _Plan, ids: dict[tuple[str, bool], Tokens]) -> Encoded:
        """Put the tokens of one request together and cut what is too long."""
        context = ids[plan.context, plan.special] if plan.context else self.start
        continuations = self._continuations(request, plan, ids)
        lengths = [len(tokens) for tokens in continuations] or [1]
        kept = [len(context)] * len(lengths)
        problem = None
        if request.truncation is Truncation.KEEP_END:
            room = self.limits.context
            kept = [min(len(context), room + 1 - length) for length in lengths]
            if max(lengths) > room:
                problem = f"a continuation of {max(lengths)} tokens does not fit the model's context of {room}"
        elif self.limits.hard is not None and len(context) + max(lengths) - 1 > self.limits.hard:
            problem = f"a question of {len(context)} tokens does not fit the model's context of {self.limits.hard}"
        elif request.truncation is Truncation.DROP_SHOTS_2048 and len(context) > 2048:
            problem = f"a question of {len(context)} tokens without any shot does not fit the recipe's 2048 tokens"
        if min(lengths) == 0:
            problem = "a continuation has no tokens of its own after the context"
        if not context:
            problem = "the context has no tokens"
        cut = len(context) - min(kept) if problem is None else 0
        return Encoded(context, tuple(continuations), tuple(kept), len(context), truncated=cut, problem=problem)

    def _shots_that_fit(
        self, requests: Sequence[Request], limits: Sequence[int | None], ids: Mapping[tuple[str, bool], Tokens]
    ) -> list[int]:
        """How many shots each request keeps within its limit; `ids` are texts that are encoded already."""
        counts = [len(request.context.shots) for request in requests]
        pending = [i for i, limit in enumerate(limits) if limit is not None]
        while pending:
            lengths = self._lengths(requests, counts, pending, ids)
            pending = [
                i for i, length in zip(pending, lengths, strict=True) if counts[i] > 0 and length > (limits[i] or 0)
            ]
            for i in pending:
                counts[i] -= 1
        return counts

    def _lengths(
        self,
        requests: Sequence[Request],
        counts: Sequence[int],
        pending: Sequence[int],
        ids: Mapping[tuple[str, bool], Tokens],
    ) -> list[int]:
        """Token counts of some contexts, as each truncation rule counts them."""
        keys = [
            (
                requests[i].context.with_shots(counts[i]),
                self.has_special and requests[i].truncation is Truncation.DROP_SHOTS_2048,
            )
            for i in pending
        ]
        lengths = {key: len(ids[key]) for key in keys if key in ids}
        for special in (True, False):
            texts = list(
                dict.fromkeys(text for text, counted in keys if counted is special and (text, special) not in ids)
            )
            lengths |= {(text, special): len(ids) for text, ids in zip(texts, self._batch(texts, special), strict=True)}
        return [lengths[key] for key in keys]

    def _shot_limit(self, request: Request, plan: _Plan, ids: Mapping[tuple[str, bool], Tokens]) -> int | None:
        """The most context tokens that a rule allows before a shot goes; None where it drops none.

        The rules were made for answers of one token; a longer one takes its room from the context.
        """
        if request.truncation is Truncation.KEEP_END:
            return None
        longest = max((len(tokens) for tokens in self._continuations(request, plan, ids)), default=1)
        if request.truncation is Truncation.DROP_SHOTS_2048:
            return 2048 if self.limits.hard is None else min(2048, self.limits.hard - longest + 1)
        return self.window - longest if self.window < UNLIMITED else None

    def _continuations(self, request: Request, plan: _Plan, ids: Mapping[tuple[str, bool], Tokens]) -> list[Tokens]:
        """The tokens of each continuation; none for a generation."""
        continuations = [ids[string] for string in plan.continuations]
        if isinstance(request, LogLikelihood) and request.encoding is Encoding.LAST_TOKEN:
            return [tokens[-1:] for tokens in continuations]
        behind = len(ids[plan.context, plan.special]) if plan.joint else 0
        return [tokens[behind:] for tokens in continuations]

    def _cut_at_the_end(self, requests: Sequence[Request], texts: Sequence[str], shots: Sequence[int]) -> list[str]:
        """HELM's last resort, without shots left: keep the first tokens, then drop characters until they fit."""
        result = list(texts)
        for i, request in enumerate(requests):
            if request.truncation is not Truncation.DROP_SHOTS_THEN_CUT or shots[i] or self.window >= UNLIMITED:
                continue
            ids = self._one(texts[i], special=False)
            if len(ids) < self.window:
                continue
            kept = ids[: self.window - 1]
            text = str(self.tokenizer.decode(list(kept), clean_up_tokenization_spaces=False))
            while text and len(self._one(text, special=False)) + 1 > self.window:
                text = text[:-1]
            result[i] = text
        return result

    def _ids(self, requests: Sequence[Request], plans: Sequence[_Plan]) -> dict[tuple[str, bool], Tokens]:
        """Token ids of every distinct (string, special tokens or not) of some plans."""
        ids: dict[tuple[str, bool], Tokens] = {}
        for special in (True, False):
            mine = [(request, plan) for request, plan in zip(requests, plans, strict=True) if plan.special is special]
            if self.pieces is not None:
                try:
                    ids |= self._in_pieces(self.pieces, mine, special)
                except UnequalError:
                    self.pieces = None
        missing = dict.fromkeys(
            string
            for plan in plans
            for string in ((plan.context, plan.special), *plan.continuations)
            if string not in ids
        )
        for special in (True, False):
            texts = [text for text, wanted in missing if wanted is special]
            ids |= {(text, special): tokens for text, tokens in zip(texts, self._batch(texts, special), strict=True)}
        return ids

    def _in_pieces(
        self, pieces: Pieces, plans: Sequence[tuple[Request, _Plan]], special: bool
    ) -> dict[tuple[str, bool], Tokens]:
        """Contexts from their shared shots on, and joint continuations from their contexts on."""
        nothing = pieces.nothing(special)
        shared = {plan.context: request.context.opening for request, plan in plans}
        openings = [text for text, count in Counter(shared.values()).items() if count > 1 and text]
        _, known = pieces.begin(openings, [nothing] * len(openings), special)
        after = dict(zip(openings, known, strict=True))
        contexts = list(shared)
        bases = [after.get(shared[text], nothing) if text.startswith(shared[text]) else nothing for text in contexts]
        tokens, known = pieces.begin(contexts, bases, special)
        begun = dict(zip(contexts, known, strict=True))
        joint = {text: begun[plan.context] for _, plan in plans if plan.joint for text, _ in plan.continuations}
        ids = {(text, special): found for text, found in zip(contexts, tokens, strict=True)}
        encoded = pieces.encode(list(joint), list(joint.values()), special)
        return ids | {(text, special): found for text, found in zip(joint, encoded, strict=True)}

    def _batch(self, texts: Sequence[str], special: bool) -> list[Tokens]:
        if not texts:
            return []
        encoded = self.tokenizer(
            list(texts),
            add_special_tokens=special,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        return [tuple(ids) for ids in encoded["input_ids"]]

    def _one(self, text: str, special: bool) -> Tokens:
        return self._batch([text], special)[0]
