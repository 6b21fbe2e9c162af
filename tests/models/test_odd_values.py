"""Whatever value stands under whatever key of a model's files, it is loaded or refused in one sentence."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.models import selfcheck
from leaderbench.models.load import load_local
from leaderbench.models.paths import PlainPath

VALUES: list[Any] = [None, -1, 0, 2.5, 10**15, math.nan, True, "x", "../../x", [], [[1]], {}, {"a": {"b": [1]}}]

KEYS = {
    "config.json": (
        "quantization_config rope_scaling rope_parameters layer_types sliding_window attn_implementation id2label "
        "_attn_implementation dtype torch_dtype auto_map text_config transformers_weights is_encoder_decoder head_dim "
        "is_decoder tokenizer_class fusion_config _name_or_path pretraining_tp max_length vision_config num_labels"
    ),
    "tokenizer_config.json": (
        "added_tokens_decoder chat_template add_bos_token add_eos_token pad_token unk_token auto_map init_inputs "
        "extra_special_tokens additional_special_tokens split_special_tokens padding_side vocab_file name_or_path"
    ),
    "generation_config.json": "custom_generate transformers_version cache_implementation",
    "tokenizer.json": "",
}
"""Keys that files often have, beside those that this model's have."""


@pytest.mark.slow
@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("file", sorted(KEYS))
def test_an_odd_value_is_loaded_or_refused_in_one_sentence(
    llama_folder: Path,
    tmp_path: Path,
    file: str,
    value: object,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # What the exam of paths sees is not asked here, and would take most of the time.
    monkeypatch.setattr(selfcheck, "choose", lambda network, budget, *_: (PlainPath(network, budget, "sdpa"), {}))
    folder = Path(shutil.copytree(llama_folder, tmp_path / "model"))
    content = json.loads((folder / file).read_text("utf-8"))
    said = []
    for key in {**content, **dict.fromkeys(KEYS[file].split())}:
        (folder / file).write_text(json.dumps(content | {key: value}), "utf-8")
        try:
            load_local(str(folder))
        except LeaderbenchError as error:
            said.append(str(error))
    assert not any("\n" in sentence for sentence in said)
    assert capfd.readouterr().out == ""
