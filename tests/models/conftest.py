"""Tiny models in folders, made once."""

from pathlib import Path

import pytest
from transformers.utils import logging

from tests.models import tiny

logging.disable_progress_bar()


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama shape of 256 positions whose byte-level tokenizer begins every text with <s>."""
    tokenizer = tiny.wrap(tiny.byte_level("llama3", bos=True))
    return tiny.save(tmp_path_factory.mktemp("models") / "llama", tiny.llama(), tokenizer)


@pytest.fixture(scope="session")
def gpt2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 shape of 256 learned positions whose tokenizer adds nothing."""
    return tiny.save(tmp_path_factory.mktemp("models") / "gpt2", tiny.gpt2(), tiny.wrap(tiny.byte_level("gpt2")))


@pytest.fixture(scope="session")
def metaspace_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama shape whose tokenizer writes spaces as ▁ and puts one before every text."""
    return tiny.save(tmp_path_factory.mktemp("models") / "metaspace", tiny.llama(), tiny.wrap(tiny.metaspace()))
