"""One record a model: computed where its files allow, else as its card, the board's host or its name has it.

Which source is believed (see `facts.believed`): the headers of the weights, then config.json and what else a program
reads, then what the board's host declares, then the model card, then imported tables, then the name. So a host can
correct a card, and nobody can overrule what the files say; where two of them differ, the record keeps both. Of the
type, the licence and whether it allows commercial use no file computes anything, and the host's word comes first.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.models.baselines import is_baseline
from leaderbench.models.cards import Card, plain, read_card
from leaderbench.models.contents import read_json
from leaderbench.models.contexts import context_of
from leaderbench.models.facts import (
    Commercial,
    Fact,
    ModelType,
    Source,
    believed,
    believed_of_judgements,
    combine,
)
from leaderbench.models.headers import Headers, read_headers
from leaderbench.models.licences import together
from leaderbench.models.names import NameGuess, parse
from leaderbench.models.sizes import Config, Sizes, embedding_rows, levels, sizes
from leaderbench.models.trained import type_of
from leaderbench.sentences import Sentence

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is known of one model; None is unknown."""

    name: str
    """What people call it: a Hub id, a folder or `bundled:NAME`."""

    organisation: Fact[str] | None = None
    architecture: Fact[str] | None = None
    """The `model_type` of transformers, e.g. `llama`; the evidence names the class."""

    parameters: Fact[int] | None = None
    """All parameters, tied embeddings once."""

    active_parameters: Fact[int] | None = None
    """Of a mixture of experts: parameters that work on one token."""

    experts: Fact[int] | None = None
    """Of a mixture of experts: how many a layer has."""

    precision: Fact[str] | None = None
    """The type of most of the stored weights by bytes, or their quantisation: `bfloat16`, `GPTQ 4-bit`."""

    context: Fact[int] | None = None
    """Context length, tokens."""

    vocabulary: Fact[int] | None = None
    """Rows of the embedding."""

    licence: Fact[str] | None = None
    """SPDX identifier, or the name that people know."""

    commercial: Fact[Commercial] | None = None
    """Whether the licence allows commercial use; the evidence says why."""

    type: Fact[ModelType] | None = None
    base_models: Fact[Texts] | None = None
    """What it was made from."""

    datasets: Fact[Texts] | None = None
    """What it was trained on."""

    languages: Fact[Texts] | None = None
    """Codes such as `en`, or `multilingual`, `code`."""

    revision: Fact[str] | None = None
    """The commit of the Hub repository."""

    date: Fact[str] | None = None
    """When it was published, ISO 8601, of a day, month or year."""

    merged: Fact[bool] | None = None
    """Whether it was made from the weights of several models."""

    mixture: Fact[bool] | None = None
    """Whether it is a mixture of experts, where nothing counts them."""

    flagged: Fact[bool] | None = None
    """Whether a leaderboard warns of it, as for training on its questions."""

    official: Fact[bool] | None = None
    """Whether a leaderboard calls its publisher an official provider."""

    link: Fact[str] | None = None
    """An address that is about it."""

    problems: tuple[str, ...] = ()
    """What was damaged or missing when the record was made, each in one sentence."""


FIELDS = tuple(item.name for item in fields(ModelRecord) if item.name not in {"name", "problems"})
"""The names of all facts of a record."""

JUDGED = {"type", "licence", "commercial"}
"""Facts that no file computes."""


def describe(name: str, revision: str | None = None) -> ModelRecord:
    """The record of a model: a local folder, `bundled:NAME`, a Hub id, or a baseline, of which nothing is to be known.

    No weights are read or fetched, only the headers of their files. Of a Hub id the files in the local cache count;
    where there are none, the record holds what the name says, with a problem that says so. Damaged, hostile or missing
    files are no errors: what they would have said is absent, and `problems` names them.

    Raises:
        LeaderbenchError: the name is that of a folder or bundled model that does not exist.
    """
    if is_baseline(name):
        return ModelRecord(name)
    folder, commit = locate(name, revision)
    guess = parse(name)
    if folder is None:
        return assemble(name, guess, problems=("None of its files are here: all that is said of it is a guess.",))
    config, problems = _config(folder)
    headers = read_headers(folder)
    if headers and headers.problem:
        problems += (headers.problem,)
    return assemble(
        name,
        # Of `organisation/model` on the disk the first part is just another folder.
        guess if commit else replace(guess, organisation=None),
        card=read_card(folder / "README.md"),
        config=config,
        headers=headers,
        tokenizer=_tokenizer(folder),
        adapter=_object(read_json(folder / "adapter_config.json")),
        merged=any(_is_there(folder / file) for file in ("mergekit_config.yml", "mergekit_config.yaml")),
        commit=commit,
        problems=problems,
    )


def locate(name: str, revision: str | None = None) -> tuple[Path | None, str | None]:
    """The folder that holds a model's files, and its Hub commit; None for a Hub id that the local cache lacks.

    Raises:
        LeaderbenchError: there is no such folder or bundled model, or the name can be none.
    """
    from leaderbench.models.sources import find

    try:
        local = Path(name).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        local = True
    if local or not name or name.startswith(("bundled:", ".", "/", "~")) or name.count("/") > 1:
        return find(name, revision)  # which opens what is there, or says that it is not; never the Hub
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
    except HFValidationError as error:
        raise LeaderbenchError(
            f"{name[:200]!r} is neither a folder nor the id of a Hub repository (owner/name)."
        ) from error
    except (HfHubHTTPError, OSError, ValueError):
        return None, None
    return folder, folder.name


def assemble(
    name: str,
    guess: NameGuess,
    *,
    card: Card | None = None,
    config: Config | None = None,
    headers: Headers | None = None,
    tokenizer: Config | None = None,
    adapter: Config | None = None,
    merged: bool = False,
    commit: str | None = None,
    problems: Sequence[str] = (),
) -> ModelRecord:
    """A record of what the files of a model say, each given as read; absent ones are None."""
    card, config, tokenizer = card or Card(), config or {}, tokenizer or {}
    counted = _counted(headers, config, adapter)
    context = context_of(config, tokenizer)
    said = _of_card(card)
    if adapter and (base := _text(adapter.get("base_model_name_or_path"))):
        stated = Fact((base,), Source.CONFIG, "base_model_name_or_path of adapter_config.json")
        said["base_models"] = combine([stated, said.get("base_models")]) or stated
    return ModelRecord(
        name,
        organisation=guess.organisation,
        architecture=combine([_architecture(config), guess.architecture]),
        parameters=combine([counted.get("parameters"), guess.parameters]),
        active_parameters=combine([counted.get("active_parameters"), guess.active_parameters]),
        experts=combine([counted.get("experts"), guess.experts]),
        precision=combine([counted.get("precision"), guess.precision]),
        context=combine([context, guess.context]),
        vocabulary=_vocabulary(config, headers),
        licence=said.get("licence"),
        commercial=said.get("commercial"),
        type=type_of(guess, card, adapter=bool(adapter), merged=merged, template=_has_template(tokenizer)),
        base_models=combine([said.get("base_models"), _alone(guess.base_model)]),
        datasets=combine([said.get("datasets"), guess.datasets]),
        languages=combine([said.get("languages"), guess.languages]),
        revision=Fact(commit, Source.HUB, Sentence("commit of its files")) if commit else None,
        date=combine([said.get("date"), guess.date]),
        problems=tuple(problems),
    )


def merge(record: ModelRecord, declared: Mapping[str, Fact[Any]]) -> ModelRecord:
    """A record with what the host of the board declares or a table says, where no better source says otherwise;
    differing words are kept.
    """
    changed: dict[str, Any] = {
        name: combine([declared[name], getattr(record, name)], believed_of_judgements if name in JUDGED else believed)
        for name in FIELDS
        if name in declared
    }
    return replace(record, **changed)


def of_run(model: Mapping[str, Any]) -> ModelRecord:
    """The record of a model that is known from the manifest of a run only (its `model` entry), and from its name."""
    name = plain(str(model.get("name", "")), 1000)
    guess = parse(name)
    parameters, context = model.get("parameters"), model.get("max_length")
    revision, architecture = _text(model.get("revision")), _text(model.get("architecture"))
    loaded = Fact(architecture, Source.RUN, Sentence("class of the loaded model")) if architecture else None
    return replace(
        assemble(name, guess),
        architecture=combine([loaded, guess.architecture]),
        parameters=combine([_of_run(parameters), guess.parameters]),
        context=combine([_of_run(context), guess.context]),
        revision=Fact(revision, Source.RUN) if revision else None,
    )


def _of_run(value: object) -> Fact[int] | None:
    return Fact(value, Source.RUN, Sentence("of the loaded model")) if type(value) is int and value > 0 else None


def _alone(fact: Fact[str] | None) -> Fact[Texts] | None:
    return Fact((fact.value,), fact.source, fact.evidence) if fact else None


def _object(content: object) -> dict[str, Any] | None:
    return content if isinstance(content, dict) else None


def _text(value: object) -> str:
    return plain(value) if isinstance(value, str) else ""


def _config(folder: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    content = _object(read_json(folder / "config.json"))
    if content is None and os.path.lexists(folder / "config.json"):
        return {}, ("config.json is damaged.",)
    return content or {}, ()


def _tokenizer(folder: Path) -> dict[str, Any]:
    """What tokenizer_config.json says, with the chat template where that has a file of its own."""
    content = _object(read_json(folder / "tokenizer_config.json")) or {}
    if any(_is_there(folder / file) for file in ("chat_template.jinja", "chat_template.json")):
        content = {**content, "chat_template": "in a file of its own"}
    return content


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _has_template(tokenizer: Config) -> bool:
    template = tokenizer.get("chat_template")
    return isinstance(template, str | list) and len(template) > 0


def _architecture(config: Config) -> Fact[str] | None:
    kind = _text(config.get("model_type"))
    classes = config.get("architectures")
    named = _text(classes[0]) if isinstance(classes, list) and classes else ""
    return Fact(kind or named, Source.CONFIG, named or "model_type") if kind or named else None


def _counted(headers: Headers | None, config: Config, adapter: Config | None) -> dict[str, Fact[Any]]:
    """What the headers count to: parameters, precision, and the like."""
    found = sizes(headers.tensors if headers else {}, config)
    facts: dict[str, Fact[Any]] = {}
    if found.precision:
        facts["precision"] = Fact(found.precision, Source.HEADERS if found.shares else Source.CONFIG, found.shares)
    elif dtype := _text(config.get("dtype")) or _text(config.get("torch_dtype")):
        facts["precision"] = Fact(dtype.removeprefix("torch."), Source.CONFIG, "dtype")
    if found.experts:
        evidence = f"{found.experts.per_token} of {found.experts.count} work on a token"
        facts["experts"] = Fact(found.experts.count, Source.CONFIG, evidence)
    # A part of the files counts to a part of the parameters; an adapter's are its own, few as they are.
    if headers and not headers.problem:
        facts |= _parameter_facts(found, adapter)
    return facts


def _parameter_facts(found: Sizes, adapter: Config | None) -> dict[str, Fact[Any]]:
    facts: dict[str, Fact[Any]] = {}
    if found.total:
        evidence = Sentence("of the adapter alone") if adapter else ""
        facts["parameters"] = Fact(found.total, Source.HEADERS, evidence)
    if found.active and found.experts:
        evidence = f"{found.experts.per_token} of {found.experts.count} experts"
        facts["active_parameters"] = Fact(found.active, Source.HEADERS, evidence)
    return facts


def _vocabulary(config: Config, headers: Headers | None) -> Fact[int] | None:
    """What config.json states; the rows of the embedding too, where those are another number."""
    stated = next((value for level in levels(config) if _whole(value := level.get("vocab_size"))), None)
    rows = embedding_rows(headers.tensors) if headers else None
    # The stated number is what people know; more rows than that are only padding.
    counted = Fact(rows, Source.HEADERS, Sentence("rows of the embedding")) if rows else None
    if stated is None:
        return counted
    return Fact(stated, Source.CONFIG, "vocab_size", (counted,) if counted and rows != stated else ())


def _whole(value: object) -> bool:
    return type(value) is int and 0 < value < 10**12


def _of_card(card: Card) -> dict[str, Fact[Any]]:
    """The facts that a card states."""
    found: dict[str, Fact[Any]] = {}
    if licence := together(card.licences):
        found["licence"] = Fact(licence.name, Source.CARD, card.licence_link)
        found["commercial"] = Fact(licence.commercial, Source.CARD, licence.reason)
    for name in ("base_models", "datasets", "languages"):
        if values := getattr(card, name):
            found[name] = Fact(values, Source.CARD, card.relation if name == "base_models" else "")
    if card.date:
        found["date"] = Fact(card.date, Source.CARD)
    return found
