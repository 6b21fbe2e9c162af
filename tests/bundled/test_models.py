"""The bundled models: small, whole, and never shown a question of the test."""

import json
import re
from pathlib import Path

import demo_lessons
import make_exam
import pytest
import train_demo_models

from leaderbench.bundled import exam_folder, model_folders

names = [pupil.name for pupil in train_demo_models.PUPILS]
each_model = pytest.mark.parametrize("name", names)


def test_the_models_are_those_that_the_script_trains() -> None:
    assert list(model_folders()) == sorted(names)


def test_all_models_together_take_at_most_6_mb() -> None:
    files = [path for folder in model_folders().values() for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 6_000_000


@each_model
def test_a_model_loads_in_half_precision_with_at_most_a_million_and_a_half_parameters(name: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(model_folders()[name], dtype="auto")
    assert model.dtype is torch.float16
    assert model.num_parameters() <= 1_500_000
    assert model.config.max_position_embeddings >= 1024
    assert all(torch.isfinite(weight).all() for weight in model.parameters())


@each_model
def test_a_saved_tokenizer_encodes_as_the_one_it_was_trained_with(name: str) -> None:
    from transformers import AutoTokenizer

    pupil = next(pupil for pupil in train_demo_models.PUPILS if pupil.name == name)
    saved, trained = (
        AutoTokenizer.from_pretrained(model_folders()[name]),
        train_demo_models.train_tokenizer(pupil.begins),
    )
    text = "Question: Which city is the capital of France?\nA. Paris\n\nAnswer: B é"
    assert saved(text).input_ids == trained.encode(text).ids
    assert saved("A").input_ids == trained.encode("A").ids
    assert (saved("A").input_ids[0] == saved.bos_token_id) == pupil.begins
    assert saved.model_max_length == train_demo_models.CONTEXT


@each_model
def test_a_model_folder_has_only_safetensors_json_and_its_card(name: str) -> None:
    files = {path.name for path in model_folders()[name].iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md"} <= files
    assert {Path(file).suffix for file in files} == {".json", ".safetensors", ".md"}


@each_model
def test_the_card_and_configuration_name_no_place_of_the_machine_that_made_them(name: str) -> None:
    for path in model_folders()[name].iterdir():
        if path.suffix in {".json", ".md"} and path.name != "tokenizer.json":
            assert not re.search(r"/(work|home|tmp|root|Users)/", path.read_text())
    assert json.loads((model_folders()[name] / "config.json").read_text())["model_type"] == "llama"


@each_model
def test_no_question_of_the_test_is_in_the_training_text(name: str) -> None:
    pupil = next(pupil for pupil in train_demo_models.PUPILS if pupil.name == name)
    questions = {row.question for splits in make_exam.exam().values() for row in splits["test"]}
    writer = demo_lessons.Writer(pupil.known, pupil.seed)
    taught: set[str] = set()
    for lesson in filter(None, (train_demo_models.READING, *pupil.lessons, pupil.last)):
        for layout in lesson.layouts:
            for _ in range(400):
                text = "".join(text for text, _ in writer.document(layout, lesson.questions[-1]))
                taught.update(line.removeprefix("Question: ") for line in text.splitlines())
    assert len(taught) > 500
    assert not taught & questions


def test_a_pupil_is_taught_the_share_of_the_test_facts_that_its_card_says() -> None:
    for pupil in train_demo_models.PUPILS:
        writer = demo_lessons.Writer(pupil.known, pupil.seed)
        test = [fact for subject in make_exam.SUBJECTS for fact in make_exam.facts_by_split(subject)["test"]]
        known = sum(fact in writer.facts[fact.subject] for fact in test)
        assert known == round(pupil.known * len(test))


def test_the_taught_tokens_of_a_document_are_its_answers() -> None:
    tokenizer = train_demo_models.train_tokenizer(begins=True)
    pieces = demo_lessons.asked("quoted", "What is the capital of France?", ["Rome", "Oslo", "Paris", "Bern"], 2)
    tokens, targets = train_demo_models.encoded(tokenizer, pieces * 2)
    assert tokens[0] == 0
    taught = [token for token in targets if token != train_demo_models.IGNORED]
    assert tokenizer.decode(taught) == " Paris Paris"
    assert len(tokens) == len(targets)


def test_the_exam_is_beside_the_models() -> None:
    assert (exam_folder() / "README.md").is_file()
