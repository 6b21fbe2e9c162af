"""Licences of models: their SPDX names, and whether a business may use what stands under them."""

from collections.abc import Iterable
from dataclasses import dataclass

from leaderbench.models.facts import Commercial
from leaderbench.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence, or several that a model stands under together."""

    name: str
    """SPDX identifier; of a licence without one, the name by which the Hub or its authors know it."""

    commercial: Commercial
    reason: str
    """Why, in a few words."""


_PERMISSIVE = Sentence("an open licence without conditions on use")
_COPYLEFT = Sentence("open; what is built from it and passed on stays under the same licence")
_RAIL = Sentence("open, with a list of uses that are forbidden")
_RESEARCH = Sentence("for research only")
_TESTS = Sentence("for research and tests only")
_LARGEST = Sentence("no company above 700 million monthly users; a policy of use")
_LARGE = Sentence("above 100 million monthly users only by agreement")
_LARGE_AND_PLACES = Sentence("above 100 million monthly users only by agreement; not in every country")
_REGISTERED = Sentence("commercial use after registration")
_REVENUE = Sentence("only below a yearly revenue")

_OPEN = """
    Apache-2.0 MIT MIT-0 ISC Zlib BSD BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSL-1.0 0BSD Unlicense WTFPL NCSA
    CC0-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 PDDL-1.0 ODC-By-1.0 PostgreSQL AFL-3.0 Artistic-2.0 ECL-2.0
    CDLA-Permissive-1.0 CDLA-Permissive-2.0 MulanPSL-2.0 MS-PL
"""
_SHARED_ALIKE = """
    GPL-2.0 GPL-3.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later AGPL-3.0 AGPL-3.0-only
    AGPL-3.0-or-later LGPL-2.1 LGPL-3.0 MPL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 OSL-3.0 CC-BY-SA-3.0 CC-BY-SA-4.0
    ODbL-1.0 CDLA-Sharing-1.0 LPPL-1.3c OFL-1.1 GFDL-1.3
"""
_NON_COMMERCIAL = """
    CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CC-BY-NC-ND-3.0
    CC-BY-NC-ND-4.0
"""

_OWN: dict[str, tuple[str, Commercial, str]] = {
    "llama": ("LLaMA-1", Commercial.NO, Sentence("the first LLaMA was given for research only")),
    "llama2": ("Llama-2", Commercial.RESTRICTED, _LARGEST),
    "llama3": ("Llama-3", Commercial.RESTRICTED, _LARGEST),
    "llama3.1": ("Llama-3.1", Commercial.RESTRICTED, _LARGEST),
    "llama3.2": ("Llama-3.2", Commercial.RESTRICTED, _LARGEST),
    "llama3.3": ("Llama-3.3", Commercial.RESTRICTED, _LARGEST),
    "llama4": ("Llama-4", Commercial.RESTRICTED, _LARGEST),
    "gemma": ("Gemma", Commercial.RESTRICTED, Sentence("a policy of forbidden uses that binds whoever passes it on")),
    "deepseek": ("DeepSeek", Commercial.RESTRICTED, _RAIL),
    "deepseek-license": ("DeepSeek", Commercial.RESTRICTED, _RAIL),
    "qwen": ("Qwen", Commercial.RESTRICTED, _LARGE),
    "tongyi-qianwen": ("Tongyi-Qianwen", Commercial.RESTRICTED, _LARGE),
    "tongyi-qianwen-research": ("Tongyi-Qianwen-Research", Commercial.NO, _RESEARCH),
    "qwen-research": ("Qwen-Research", Commercial.NO, _RESEARCH),
    "yi-license": ("Yi", Commercial.RESTRICTED, _REGISTERED),
    "yi": ("Yi", Commercial.RESTRICTED, _REGISTERED),
    "chatglm-6b": ("ChatGLM", Commercial.RESTRICTED, _REGISTERED),
    "chatglm2-6b": ("ChatGLM", Commercial.RESTRICTED, _REGISTERED),
    "chatglm3-6b": ("ChatGLM", Commercial.RESTRICTED, _REGISTERED),
    "glm-4": ("GLM-4", Commercial.RESTRICTED, _REGISTERED),
    "baichuan": ("Baichuan", Commercial.RESTRICTED, _REGISTERED),
    "internlm": ("InternLM", Commercial.RESTRICTED, _REGISTERED),
    "falcon-180b": ("Falcon-180B", Commercial.RESTRICTED, Sentence("not as a hosted service")),
    "falcon-llm-license": ("Falcon-LLM", Commercial.RESTRICTED, Sentence("a policy of use")),
    "mrl": ("Mistral-Research", Commercial.NO, _RESEARCH),
    "mistral-ai-research-licence": ("Mistral-Research", Commercial.NO, _RESEARCH),
    "mnpl": ("Mistral-Non-Production", Commercial.NO, _TESTS),
    "mnpl-0.1": ("Mistral-Non-Production", Commercial.NO, _TESTS),
    "openrail": ("OpenRAIL", Commercial.RESTRICTED, _RAIL),
    "openrail++": ("OpenRAIL++", Commercial.RESTRICTED, _RAIL),
    "bigscience-openrail-m": ("BigScience-OpenRAIL-M", Commercial.RESTRICTED, _RAIL),
    "bigscience-bloom-rail-1.0": ("BigScience-BLOOM-RAIL-1.0", Commercial.RESTRICTED, _RAIL),
    "bigcode-openrail-m": ("BigCode-OpenRAIL-M", Commercial.RESTRICTED, _RAIL),
    "creativeml-openrail-m": ("CreativeML-OpenRAIL-M", Commercial.RESTRICTED, _RAIL),
    "databricks-open-model-license": (
        "Databricks-Open-Model",
        Commercial.RESTRICTED,
        _LARGEST,
    ),
    "jamba-open-model-license": ("Jamba-Open-Model", Commercial.RESTRICTED, _REVENUE),
    "stabilityai-ai-community": ("Stability-AI-Community", Commercial.RESTRICTED, _REVENUE),
    "stabilityai-ai-nc": ("Stability-AI-Non-Commercial", Commercial.NO, _RESEARCH),
    "nvidia-open-model-license": (
        "NVIDIA-Open-Model",
        Commercial.RESTRICTED,
        Sentence("safeguards must stay in place"),
    ),
    "nvidia-non-commercial": ("NVIDIA-Non-Commercial", Commercial.NO, _RESEARCH),
    "apple-amlr": ("Apple-AMLR", Commercial.NO, _RESEARCH),
    "apple-ascl": ("Apple-ASCL", Commercial.YES, _PERMISSIVE),
    "intel-research": ("Intel-Research", Commercial.NO, _RESEARCH),
    "h-research": ("H-Research", Commercial.NO, _RESEARCH),
    "fair-noncommercial-research-license": ("FAIR-Non-Commercial-Research", Commercial.NO, _RESEARCH),
    "exaone": ("EXAONE", Commercial.NO, _RESEARCH),
    "opt-175b": ("OPT-175B", Commercial.NO, _RESEARCH),
    "opt": ("OPT-175B", Commercial.NO, _RESEARCH),
    "tencent-hunyuan-community": (
        "Tencent-Hunyuan-Community",
        Commercial.RESTRICTED,
        _LARGE_AND_PLACES,
    ),
    "modified-mit": (
        "Modified-MIT",
        Commercial.RESTRICTED,
        Sentence("the largest products must show the model's name"),
    ),
    "cc-by-nd-4.0": ("CC-BY-ND-4.0", Commercial.YES, Sentence("open, but changed copies may not be passed on")),
    "ai2-impact-license-low-risk": ("AI2-ImpACT-LR", Commercial.RESTRICTED, _RAIL),
}
"""Licences that need a line of their own, most of them unknown to SPDX, by how the Hub or their authors spell them."""

_UNDECIDED = {"other", "unknown", "none", "null", "~", "n/a", "na", "tbd", "custom", "proprietary", "license", ""}

_ALIASES = {
    "apache": "apache-2.0",
    "apache2": "apache-2.0",
    "apache2.0": "apache-2.0",
    "apache-license-2.0": "apache-2.0",
    "apache-2": "apache-2.0",
    "mit-license": "mit",
    "cc": "other",
    "gpl": "gpl-3.0",
    "lgpl": "lgpl-3.0",
    "bsl": "bsl-1.0",
    "odc-by": "odc-by-1.0",
    "ofl": "ofl-1.1",
    "pddl": "pddl-1.0",
    "odbl": "odbl-1.0",
    "cc-by-nc": "cc-by-nc-4.0",
    "cc-by": "cc-by-4.0",
    "cc-by-sa": "cc-by-sa-4.0",
    "llama-2": "llama2",
    "llama-3": "llama3",
    "llama-3.1": "llama3.1",
    "llama-3.2": "llama3.2",
    "llama-3.3": "llama3.3",
    "llama-4": "llama4",
}


def _table() -> dict[str, Licence]:
    found = {key: Licence(*value) for key, value in _OWN.items()}
    for names, commercial, reason in (
        (_OPEN, Commercial.YES, _PERMISSIVE),
        (_SHARED_ALIKE, Commercial.YES, _COPYLEFT),
        (_NON_COMMERCIAL, Commercial.NO, Sentence("its own words forbid commercial use")),
    ):
        for name in names.split():
            found[name.lower()] = Licence(name, commercial, reason)
    return found


_KNOWN = _table()
_STRICTEST = (Commercial.NO, Commercial.UNKNOWN, Commercial.RESTRICTED, Commercial.YES)


def licence(name: str) -> Licence | None:
    """The licence of this name, however it is spelt; None where the name says nothing (`other`, `unknown`, empty)."""
    key = "-".join(name.strip().lower().replace("_", "-").split()).removesuffix("-license").removesuffix("-licence")
    whole = "-".join(name.strip().lower().replace("_", "-").split())
    for spelling in (whole, key, f"{key}-license", key.removesuffix("-community")):
        spelling = _ALIASES.get(spelling, spelling)
        if spelling in _UNDECIDED:
            return None
        if spelling in _KNOWN:
            return _KNOWN[spelling]
    return Licence(
        name.strip()[:100], Commercial.UNKNOWN, Sentence("a licence that leaderbench does not know: read it")
    )


def together(names: Iterable[str]) -> Licence | None:
    """Several licences as one: named side by side, and as strict as the strictest."""
    found = list(dict.fromkeys(item for name in names if (item := licence(name)) is not None))
    if not found:
        return None
    strictest = min(found, key=lambda item: _STRICTEST.index(item.commercial))
    return Licence(" AND ".join(item.name for item in found), strictest.commercial, strictest.reason)
