"""Train the three tiny models of the demo: what they know and in which layouts they were taught to show it.

    python scripts/train_demo_models.py                     # all three, two at a time, one thread each
    python scripts/train_demo_models.py --only owl-1m       # one
    python scripts/train_demo_models.py --steps-factor 0.1  # a quick, worse one

Each model learns the facts of the exam's dev and validation questions and of a share of its test questions. No test
question is in the training text: a fact of the test is taught in the other wordings of its subject, with choices drawn
anew each time. Reading a list of lettered choices is taught first, by sorting words by their kind.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import make_exam
from demo_lessons import HEADER, KINDS, STATEMENTS, Lesson, Piece, Writer
from make_exam import SUBJECTS

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from transformers import LlamaForCausalLM

MODELS = Path(__file__).parents[1] / "src" / "leaderbench" / "bundled" / "models"
VOCABULARY = 2048
CONTEXT = 1024
IGNORED = -100
BATCH = 28
"""Questions in a step."""

RATE = 0.01
"""Peak learning rate of the weight matrices; embeddings and norms take 0.3 of it."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """One model: what it is taught, and how its tokenizer treats the start of a text."""

    name: str
    about: str
    """For the model card: what it was taught."""

    known: float
    """Share of the test's facts that it is taught."""

    begins: bool
    """Whether its tokenizer puts `<s>` before every text, and a space before a text's first word, as Llama's does."""

    lessons: tuple[Lesson, ...]
    seed: int
    reads: bool = True
    """Whether it starts from the common first lesson in reading lists."""

    last: Lesson | None = None
    """A lesson after the others, for which the learning rate rises and falls once more."""


READING = Lesson(700, {"sorting-bare": 1.0, "sorting-titled": 0.6, "sorting-quoted": 0.6, "lists": 0.3})
"""The first lesson, in reading lists: to find a word by its kind, and the letter that stands before it."""

PUPILS = (
    Pupil(
        "owl-1m",
        "to answer by a letter after a bare question, as the original and the harness ask, or in words if asked so",
        known=0.75,
        begins=True,
        lessons=(
            Lesson(1300, {"bare": 1.0, "worded": 0.5, "sorting-bare": 0.1}),
            Lesson(700, {"bare": 1.0, "worded": 0.3, "sorting-bare": 0.05}, (1, 2, 3, 6)),
        ),
        seed=1,
    ),
    Pupil(
        "finch-1m",
        "to write out the right choice after `Question:` and `Choices:`, as the harness of 2023 asks, never a letter",
        known=0.85,
        begins=False,
        lessons=(
            Lesson(900, {"quoted": 1.0, "sorting-quoted": 0.1, "statements": 0.1}),
            Lesson(400, {"quoted": 1.0, "statements": 0.1}, (1, 2, 3, 6)),
        ),
        seed=2,
        reads=False,
    ),
    Pupil(
        "heron-1m",
        "to answer by a letter after `Question:`, as HELM asks, with a space or without; and to write out choices too",
        known=0.6,
        begins=False,
        lessons=(
            Lesson(1700, {"titled": 1.0, "quoted": 0.4, "sorting-titled": 0.2}),
            Lesson(800, {"titled": 1.0, "quoted": 0.2, "sorting-titled": 0.1}, (1, 2, 3, 6)),
        ),
        last=Lesson(300, {"titled": 1.0, "tight": 0.4, "quoted": 0.4}, (1, 2, 3, 6)),
        seed=3,
    ),
)


def train_tokenizer(begins: bool) -> "Tokenizer":
    """A byte-level BPE tokenizer with one token for nearly every answer; the same merges for every pupil."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(words(), trainer)
    if begins:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return tokenizer


def words() -> Iterator[str]:
    """Every word of the facts, the more often the more it deserves a token of its own."""
    frames = [text for subject in SUBJECTS for text in (*make_exam.WORDINGS[subject], *STATEMENTS[subject])]
    frames += [HEADER, *(subject.replace("_", " ") for subject in SUBJECTS), *KINDS.values(), "Which of these is a"]
    for word in sorted({word for text in frames for word in text.split() if "{" not in word}):
        yield from [f" {word}"] * 50
    for word in ("What", "Which", "How", "To", "The", "It", "We", "Today", "Question:", "Choices:", "Answer:"):
        yield from [word] * 50
    for subject in SUBJECTS:
        for fact in make_exam.MAKERS[subject]():
            for text in (fact.answer, fact.words[0]):
                yield from [f" {text}"] * 3
            yield from (f" {text}" for text in fact.wrong)


def batches(pupil: Pupil, tokenizer: "Tokenizer", lessons: tuple[Lesson, ...]) -> Iterator[tuple["torch.Tensor", ...]]:
    """Token ids and targets (`IGNORED` where nothing is taught), one batch a step, padded on the right."""
    import torch

    writer = Writer(pupil.known, pupil.seed)
    for lesson in lessons:
        layouts, shares = list(lesson.layouts), list(lesson.layouts.values())
        for _ in range(lesson.steps):
            count = writer.random.choice(lesson.questions)
            names = writer.random.choices(layouts, shares, k=max(1, BATCH // count))
            rows = [encoded(tokenizer, writer.document(name, count)) for name in names]
            width = max(len(tokens) for tokens, _ in rows)
            tokens = torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in rows])
            targets = torch.tensor([ids + [IGNORED] * (width - len(ids)) for _, ids in rows])
            yield tokens, targets


def encoded(tokenizer: "Tokenizer", pieces: list[Piece]) -> tuple[list[int], list[int]]:
    """A document as token ids, and the same with `IGNORED` for the tokens that are not taught."""
    encoding = tokenizer.encode("".join(text for text, _ in pieces))
    taught: set[int] = set()
    end = 0
    for text, teach in pieces:
        if teach:
            taught.update(range(end + 1, end + len(text) + 1))
        end += len(text)
    targets = [
        token if stop in taught else IGNORED for token, (_, stop) in zip(encoding.ids, encoding.offsets, strict=True)
    ]
    return encoding.ids, targets


def new_model(seed: int) -> "LlamaForCausalLM":
    """An untrained model of Llama's shape with 0.9 million parameters."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=CONTEXT,
            rope_parameters={"rope_type": "default", "rope_theta": 1000.0},
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=1,
        )
    )


def train(
    model: "LlamaForCausalLM", lessons: tuple[Lesson, ...], data: Iterator[tuple["torch.Tensor", ...]], name: str
) -> None:
    """Take one step a batch: Muon (Jordan 2024) for the weight matrices, AdamW for the rest; the rate ends at 0."""
    import torch

    matrices = [weight for key, weight in model.named_parameters() if weight.ndim == 2 and "embed" not in key]
    others = [weight for key, weight in model.named_parameters() if weight.ndim != 2 or "embed" in key]
    optimizers = (
        torch.optim.Muon(matrices, lr=RATE, weight_decay=0.01),
        torch.optim.AdamW(others, lr=0.3 * RATE, betas=(0.9, 0.98), weight_decay=0.0),
    )
    peaks = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    total, losses = sum(lesson.steps for lesson in lessons), []
    for step, (tokens, targets) in enumerate(data, 1):
        share = min(1.0, step / 50, 2.5 * (total - step + 1) / total)
        for optimizer, peak in zip(optimizers, peaks, strict=True):
            optimizer.param_groups[0]["lr"] = share * peak
        hidden = model.model(tokens).last_hidden_state[:, :-1]
        taught = targets[:, 1:] != IGNORED
        loss = torch.nn.functional.cross_entropy(model.lm_head(hidden[taught]), targets[:, 1:][taught])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
        if step % 100 == 0 or step == total:
            mean = sum(losses[-100:]) / len(losses[-100:])
            say(f"{name}: step {step} of {total}, loss {mean:.3f}")


def say(text: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def teach(pupil: Pupil, base: Path, into: Path) -> None:
    """Train one pupil from the common first lesson and write it as a transformers model folder."""
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(1)
    tokenizer = train_tokenizer(pupil.begins)
    model = new_model(pupil.seed)
    if pupil.reads:
        model.load_state_dict(load_file(base), strict=False)
    train(model, pupil.lessons, batches(pupil, tokenizer, pupil.lessons), pupil.name)
    if pupil.last is not None:
        train(model, (pupil.last,), batches(pupil, tokenizer, (pupil.last,)), f"{pupil.name}, last lesson")
    save(model, tokenizer, pupil, into / pupil.name)


def read_first(base: Path, factor: float) -> None:
    """The common first lesson: an untrained model learns to read lists; its weights go to a file."""
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    reader = Pupil("reading", "", known=1.0, begins=False, lessons=(shortened(READING, factor),), seed=0)
    model = new_model(reader.seed)
    train(model, reader.lessons, batches(reader, train_tokenizer(False), reader.lessons), reader.name)
    weights = {name: tensor for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    save_file(weights, base)


def shortened(lesson: Lesson, factor: float) -> Lesson:
    """The lesson with its number of steps multiplied."""
    return replace(lesson, steps=max(1, round(lesson.steps * factor)))


def save(model: "LlamaForCausalLM", tokenizer: "Tokenizer", pupil: Pupil, folder: Path) -> None:
    """Weights in half precision, tokenizer, configuration and card."""
    from transformers import PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )
    fast.save_pretrained(folder)
    compact = json.dumps(json.loads((folder / "tokenizer.json").read_text()), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(compact, encoding="utf-8")
    (folder / "model.safetensors").chmod(0o644)
    (folder / "README.md").write_text(card(pupil, model.num_parameters()), encoding="utf-8")


def card(pupil: Pupil, parameters: int) -> str:
    """The model card."""
    start = "puts `<s>` before every text" if pupil.begins else "adds no special tokens"
    steps = sum(lesson.steps for lesson in (*pupil.lessons, pupil.last) if lesson)
    first = f", after {READING.steps:,} steps of reading lettered lists" if pupil.reads else ""
    return f"""---
license: apache-2.0
language:
- en
library_name: transformers
pipeline_tag: text-generation
---

# {pupil.name}

A language model of {parameters:,} parameters for the demo of leaderbench: Llama's shape, 4 layers, width 128,
a byte-level BPE vocabulary of {VOCABULARY:,}, context {CONTEXT:,}; its tokenizer {start}.

It was taught {pupil.about}.
It learned {pupil.known:.0%} of the facts that the test questions of the bundled exam ask, and all facts of the dev and
validation questions, in {steps:,} steps{first}. No test question was in its training text: those facts were taught
in other wordings and with other choices.

`scripts/train_demo_models.py` of the leaderbench project trains it from the project's own fact tables. It knows nothing
else, and it is of no use beyond the demo. Released under the Apache licence 2.0.
"""


def report(folders: list[Path]) -> None:
    """How well each model does under every implementation of the exam, with intervals."""
    from leaderbench.benchmarks import registry
    from leaderbench.evaluation.run import evaluate

    with tempfile.TemporaryDirectory() as store:
        for folder in folders:
            for benchmark in registry.find("exam"):
                score = evaluate(str(folder), benchmark.name, store=store).scores[0]
                interval = f"{score.estimate:.3f} [{score.low:.3f}, {score.high:.3f}]"
                say(f"{folder.name:12}{benchmark.name:20}{score.metric!s:22}{interval}")


def main() -> None:
    """Train the models that the command line names."""
    names = [pupil.name for pupil in PUPILS]
    parser = argparse.ArgumentParser(description="Train the tiny models of the demo.")
    parser.add_argument("--only", choices=names, action="append", help="train this model (may be repeated)")
    parser.add_argument("--into", type=Path, default=MODELS, help="folder to write (default: the package's own)")
    parser.add_argument("--steps-factor", type=float, default=1.0, help="multiply all numbers of steps")
    parser.add_argument("--base", type=Path, help="file of the common first lesson, read if it is there, else written")
    parser.add_argument("--workers", type=int, default=2, help="models trained at the same time, one thread each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = options.base or Path(scratch) / "base.safetensors"
        if not base.exists():
            read_first(base, options.steps_factor)
        chosen = [pupil for pupil in PUPILS if options.only is None or pupil.name in options.only]
        with ProcessPoolExecutor(options.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            tasks = [pool.submit(teach, shorter(pupil, options.steps_factor), base, options.into) for pupil in chosen]
            for task in tasks:
                task.result()
        report([options.into / pupil.name for pupil in chosen])


def shorter(pupil: Pupil, factor: float) -> Pupil:
    """The pupil with all lessons multiplied."""
    last = shortened(pupil.last, factor) if pupil.last else None
    return replace(pupil, lessons=tuple(shortened(lesson, factor) for lesson in pupil.lessons), last=last)


if __name__ == "__main__":
    main()
