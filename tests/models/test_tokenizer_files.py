"""Whatever class a model names, its tokens are those of its tokenizer.json; and no such file takes the process down."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from leaderbench.errors import LeaderbenchError
from leaderbench.models.load import load_local, load_model, load_tokenizer
from leaderbench.models.tokens import Encoder, Limits
from leaderbench.requests import LogLikelihood, Prompt
from tests.models import tiny
from tests.models.spoiled import Spoil, edit, remove, settings, write

TEXTS = ["In 2023 he had 12345 apples.", "Answer: A\n\nQ", "  It's naïve, 你好 <b> </s>", "THE End", ""]

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
UNSPLIT = BYTE_LEVEL | {"use_regex": False}


def sequence(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "pretokenizers": list(steps)}


def split(regex: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


FILES: dict[str, dict[str, Any]] = {
    "digits": {"pre_tokenizer": sequence({"type": "Digits", "individual_digits": True}, BYTE_LEVEL)},
    "split": {"pre_tokenizer": sequence(split(r"\p{N}{1,3}| ?\p{L}+|\s*[\r\n]+|\s+"), UNSPLIT)},
    "lower": {"normalizer": {"type": "Lowercase"}},
    "nfkc": {"normalizer": {"type": "NFKC"}},
    "begin": {
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}},
        }
    },
    "added": {
        "added_tokens": [
            {
                "id": number,
                "content": content,
                "single_word": False,
                "lstrip": number == 2,
                "rstrip": False,
                "normalized": False,
                "special": number < 2,
            }
            for number, content in enumerate(["<s>", "</s>", "!"])
        ]
    },
}


@pytest.fixture
def folder(llama_folder: Path, tmp_path: Path) -> Path:
    """A sound model, to be changed."""
    return Path(shutil.copytree(llama_folder, tmp_path / "model"))


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen3", "gpt_neox", "cohere", "olmo2"])
@pytest.mark.parametrize("named", ["GPT2Tokenizer", "GPTNeoXTokenizerFast", "LlamaTokenizerFast", "Qwen2Tokenizer"])
@pytest.mark.parametrize("file", sorted(FILES))
def test_tokens_are_those_of_the_file_whatever_class_is_named(folder: Path, file: str, named: str, kind: str) -> None:
    edit("tokenizer.json", **FILES[file])(folder)
    edit("tokenizer_config.json", tokenizer_class=named)(folder)
    write("config.json", json.dumps({"model_type": kind}).encode())(folder)
    own = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer, _ = load_tokenizer(folder, "m")
    for special in (False, True):
        ids = [tokenizer(text, add_special_tokens=special)["input_ids"] for text in TEXTS]
        assert ids == [own.encode(text, add_special_tokens=special).ids for text in TEXTS]


def test_a_corrected_tokenizer_is_another_identity_and_is_said(folder: Path) -> None:
    edit("tokenizer.json", **FILES["digits"])(folder)
    edit("tokenizer_config.json", tokenizer_class="GPT2Tokenizer")(folder)
    corrected = load_local(str(folder))
    facts = corrected.describe()
    assert isinstance(facts["tokenizer"], list)
    assert "pre-tokenizer of tokenizer.json" in facts["tokenizer"]
    assert "tokenizer" not in load_local("bundled:owl-1m").describe()


def template(*single: str) -> dict[str, Any]:
    places = {"<s>": 0, "</s>": 1}
    return {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": piece, "type_id": 0}}
            if piece in places
            else {"Sequence": {"id": "A", "type_id": 0}}
            for piece in single
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {key: {"id": key, "ids": [place], "tokens": [key]} for key, place in places.items()},
    }


@pytest.mark.parametrize(
    ("processor", "before"),
    [
        (template("<s>", "$A", "</s>"), [0]),
        (template("$A", "</s>"), []),
        (template("<s>", "$A"), [0]),
        ({"type": "BertProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0]}, [0]),
        (
            {
                "type": "RobertaProcessing",
                "sep": ["</s>", 1],
                "cls": ["<s>", 0],
                "trim_offsets": True,
                "add_prefix_space": False,
            },
            [0],
        ),
        ({"type": "Sequence", "processors": [template("$A", "</s>"), UNSPLIT]}, []),
    ],
    ids=["both", "behind", "before", "bert", "roberta", "sequence"],
)
def test_nothing_stands_behind_the_text(folder: Path, processor: dict[str, Any], before: list[int]) -> None:
    edit("tokenizer.json", post_processor=processor)(folder)
    tokenizer, _ = load_tokenizer(folder, "m")
    plain = tokenizer("Who?", add_special_tokens=False)["input_ids"]
    assert tokenizer("Who?")["input_ids"] == before + plain
    (encoded,) = Encoder(tokenizer, Limits(256, None)).encode([LogLikelihood(Prompt("", (), "Who?"), (" A",))])
    assert list(encoded.context) == before + plain


def test_merges_that_training_dropped_at_random_are_all_made(folder: Path) -> None:
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    edit("tokenizer.json", model=model | {"dropout": 0.9})(folder)
    tokenizer, _ = load_tokenizer(folder, "m")
    text = TEXTS[0] * 5
    assert tokenizer(text)["input_ids"] == tokenizer(text)["input_ids"]


def replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def normalizers(*rules: dict[str, Any]) -> Spoil:
    return edit("tokenizer.json", normalizer={"type": "Sequence", "normalizers": list(rules)})


HOSTILE: dict[str, tuple[Spoil, str]] = {
    "a regex without end": (
        edit("tokenizer.json", pre_tokenizer=sequence(split("((a|[a-z ])+)+#"), BYTE_LEVEL)),
        "tokenizer of .* (fails inside its library|takes more than)",
    ),
    "texts longer and longer": (normalizers(*[replace({"String": "e"}, "e" * 200)] * 3), "100 times longer"),
    "a long text before": (normalizers({"type": "Prepend", "prepend": "x" * 5_000_000}), "more than 200 characters"),
    "a long text once": (normalizers(replace({"String": "e"}, "x" * 1_000_000)), "100 times longer or more"),
    "growth by nothing": (normalizers(*[replace({"Regex": "x*"}, "yz")] * 12), "times longer"),
    "many rules": (normalizers(*[{"type": "NFC"}] * 100_000), "100,000 rules; none needs so many"),
    "nested rules": (
        lambda folder: write(
            "tokenizer.json",
            b'{"normalizer":' + b'{"type":"Sequence","normalizers":[' * 500 + b"]}" * 500 + b"}",
        )(folder),
        "is no JSON object",
    ),
    "the text many times": (
        edit("tokenizer.json", post_processor=template(*["$A"] * 60)),
        "does not keep a text as it is",
    ),
    "many tokens around": (
        edit("tokenizer.json", post_processor=template(*["<s>"] * 10_000, "$A")),
        "does not keep a text as it is",
    ),
    "a decoder of long texts": (
        edit("tokenizer.json", decoder=replace({"String": "a"}, "x" * 10_000)),
        "The decoder of",
    ),
    "a list": (write("tokenizer.json", b"[]"), "is no JSON object"),
    "nothing": (write("tokenizer.json", b""), "is no JSON object"),
    "no model": (write("tokenizer.json", b"{}"), "tokenizer of .* cannot be loaded"),
    "a length in letters": (edit("tokenizer_config.json", model_max_length="x"), 'model_max_length is "x"'),
    "a length of nothing": (edit("tokenizer_config.json", model_max_length=[]), r"model_max_length is \[\]"),
    "a length that is true": (edit("tokenizer_config.json", model_max_length=True), "model_max_length is true"),
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_a_hostile_tokenizer_ends_in_one_sentence(folder: Path, what: str, capfd: pytest.CaptureFixture[str]) -> None:
    spoil, words = HOSTILE[what]
    spoil(folder)
    with pytest.raises(LeaderbenchError, match=words) as raised:
        load_model(str(folder))
    assert "\n" not in str(raised.value)
    assert capfd.readouterr().err == ""


def test_a_class_that_puts_its_own_around_every_text_is_refused(folder: Path) -> None:
    edit("tokenizer_config.json", tokenizer_class="NllbTokenizer")(folder)
    with pytest.raises(
        LeaderbenchError, match=r"tokenizer of .* cannot encode a text|class NllbTokenizer of .* gives other"
    ):
        load_model(str(folder))


@pytest.mark.parametrize("named", ["T5Tokenizer", "CTRLTokenizer", 7])
def test_a_class_that_cannot_be_made_of_the_file_is_named(folder: Path, named: object) -> None:
    edit("tokenizer_config.json", tokenizer_class=named)(folder)
    with pytest.raises(LeaderbenchError, match=f"cannot be loaded by the class that its .* names, .*{named}"):
        load_model(str(folder))


@pytest.mark.parametrize("length", [0, -1, -5.5, 2.5, 10**30, 1e30, 10**15])
def test_a_length_that_is_none_is_no_length(folder: Path, length: float) -> None:
    edit("tokenizer_config.json", model_max_length=length)(folder)
    config = json.loads((folder / "config.json").read_text())
    config["max_position_embeddings"] = -1 if length == -1 else 10**15
    write("config.json", json.dumps(config).encode())(folder)
    assert load_model(str(folder)).describe()["max_length"] == 2048


def test_a_sentencepiece_tokenizer_alone_is_said_to_be_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaderbench.models.load.find_spec", lambda name: None)
    remove("tokenizer*")(folder)
    write("tokenizer.model", b"\n\x0e\n\x05<unk>\x15\x00\x00\x00\x00\x18\x02")(folder)
    with pytest.raises(LeaderbenchError, match=r"SentencePiece tokenizer .*install sentencepiece, or save a tokenizer"):
        load_model(str(folder))


class PanicException(BaseException):
    """As pyo3 names it."""


def fails_on(word: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(texts: Any, **settings: Any) -> Any:
        if any(word in text for text in ([texts] if isinstance(texts, str) else texts)):
            raise PanicException("called `Result::unwrap()` on an `Err` value")
        return call(texts, **settings)

    return wrapped


def test_a_text_on_which_the_tokenizer_panics_is_a_problem_of_its_question_alone() -> None:
    tokenizer = tiny.wrap(tiny.characters(), length=256)
    encoder = Encoder(tokenizer, Limits(256, None))
    encoder.pieces = None
    requests = [LogLikelihood(Prompt("", (), text), (" A",)) for text in ("one", "two", "panic", "four", "five")]
    expected = encoder.encode(requests)
    encoder.tokenizer = fails_on("panic", tokenizer)  # type: ignore[assignment]
    encoder.tokenizer.bos_token = tokenizer.bos_token
    encoded = encoder.encode(requests)
    assert [one.problem is None for one in encoded] == [True, True, False, True, True]
    assert "fails on this text inside its library" in str(encoded[2].problem)
    assert encoded[:2] + encoded[3:] == expected[:2] + expected[3:]


def test_the_tokenizer_of_every_kind_of_model_here_is_as_its_library_made_it(
    llama_folder: Path, gpt2_folder: Path, metaspace_folder: Path
) -> None:
    for folder in (llama_folder, gpt2_folder, metaspace_folder):
        tokenizer, changes = load_tokenizer(folder, "m")
        assert isinstance(tokenizer, PreTrainedTokenizerFast)
        assert changes == ()


def test_positions_that_are_no_whole_number_are_refused(folder: Path) -> None:
    settings(max_position_embeddings=2.5)(folder)
    with pytest.raises(LeaderbenchError, match=r"configuration of .* cannot be loaded"):
        load_model(str(folder))
