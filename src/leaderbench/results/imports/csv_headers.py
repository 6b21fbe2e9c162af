"""What the columns of a published table mean, by their headers.

A header counts by its letters and digits alone, whatever their case: emoji, arrows, `#`, brackets and a byte order mark
do not matter, so `Average ⬆️` is `average` and `#Params (B)` is `params b`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leaderbench.results.imports.scores import is_cost

_sign = re.compile(r"[^\w]+|_+")

meanings: dict[str, tuple[str, ...]] = {
    "model": (
        "fullname",
        "model",
        "models",
        "model name",
        "model id",
        "modelname",
        "name",
        "eval name",
        "checkpoint",
        "模型",
        "模型名称",
        "模型名",
        "大模型",
        "modell",
        "modèle",
        "modelo",
        "modello",
        "モデル",
        "モデル名",
        "모델",
        "модель",
    ),
    "benchmark": (
        "benchmark",
        "task",
        "dataset",
        "evaluation",
        "benchmark name",
        "task name",
        "benchmark task",
        "eval",
        "数据集",
        "评测集",
        "评测数据集",
        "测试集",
        "基准",
        "评测基准",
        "任务",
        "datensatz",
        "aufgabe",
        "jeu de données",
        "conjunto de datos",
        "ベンチマーク",
        "データセット",
        "tasks",
        "benchmarks",
        "datasets",
    ),
    "implementation": ("implementation", "harness", "variant", "version"),
    "metric": ("metric", "measure", "metric name", "指标", "评测指标"),
    "subset": ("subset", "subject", "category", "domain", "子集", "科目", "学科"),
    "split": ("split",),
    "part": ("hf subset", "language", "lang", "语言", "语种"),
    "score": (
        "score",
        "main score",
        "value",
        "result",
        "accuracy",
        "acc",
        "estimate",
        "得分",
        "分数",
        "准确率",
        "成绩",
        "评分",
        "genauigkeit",
        "ergebnis",
        "punkte",
        "exactitude",
        "puntuación",
        "スコア",
        "正解率",
    ),
    "error": ("standard error", "stderr", "std err", "se", "error", "标准误", "标准误差"),
    "low": ("low", "lower", "ci low", "ci lower", "lower bound", "rating q025", "q025", "rating lower"),
    "high": ("high", "upper", "ci high", "ci upper", "upper bound", "rating q975", "q975", "rating upper"),
    "interval": ("95 ci", "95 pct ci", "ci 95", "ci", "95 confidence interval", "confidence interval", "interval"),
    "n": (
        "n",
        "questions",
        "samples",
        "num samples",
        "sample size",
        "count",
        "votes",
        "num votes",
        "num battles",
        "number of questions",
        "num questions",
        "n questions",
        "n samples",
        "number of samples",
        "n examples",
        "num examples",
        "num docs",
        "examples",
        "instances",
        "battles",
        "matches",
        "games",
        "num matches",
        "num games",
        "vote count",
        "number of votes",
        "题数",
        "题目数",
        "样本数",
        "票数",
        "投票数",
    ),
    "source": ("source", "source url", "url", "link", "reference", "paper", "来源", "链接"),
    "date": ("date", "created", "published", "submission date", "evaluation date", "日期", "评测日期", "提交日期"),
    "precision": (
        "precision",
        "dtype",
        "weight precision",
        "torch dtype",
        "quantization",
        "quantisation",
        "quant",
        "精度",
        "量化",
    ),
    "revision": (
        "revision",
        "model sha",
        "model revision",
        "sha",
        "commit",
        "step",
        "training step",
        "checkpoint step",
    ),
    "shots": ("shots", "n shot", "num fewshot", "few shot"),
}
"""What a column can be, and the headers that say so, the best one first."""

facts: dict[str, tuple[str, ...]] = {
    "licence": (
        "hub license",
        "hub licence",
        "license",
        "licence",
        "model license",
        "license name",
        "许可证",
        "许可协议",
        "开源协议",
        "协议",
    ),
    "type": ("type", "model type", "t", "类型", "模型类型"),
    "architecture": ("architecture", "model architecture", "architectures", "arch"),
    "organisation": (
        "organization",
        "organisation",
        "org",
        "developer",
        "company",
        "creator",
        "机构",
        "公司",
        "开发者",
        "发布机构",
        "厂商",
    ),
    "base_models": ("base model", "base models", "finetuned from", "基座模型", "基础模型"),
    "date": ("upload to hub date", "upload date", "release date", "released", "published on", "发布日期", "发布时间"),
    "context": ("context length", "context window", "context", "max tokens", "max length", "上下文长度", "上下文窗口"),
    "merged": ("merged", "is merged", "merge", "not merged"),
    "mixture": ("moe", "is moe", "mixture of experts"),
    "flagged": ("flagged", "is flagged", "contaminated"),
    "official": ("official providers", "official provider", "official", "is official", "maintainer s highlight"),
}
"""What a column can say of a model, by the name that a record has for it (`models.catalogue`), and the headers."""

about_the_model = frozenset(
    {
        *("weight type", "hub", "hub likes", "likes", "available on the hub", "generation", "chat template", "id"),
        *("year", "avg tokens", "average tokens", "embedding dimensions", "zero shot", "index", "unnamed 0"),
        *("knowledge cutoff", "size gb", "model size gb", "seq length", "languages", "vocabulary", "vocab size"),
        *(
            "task type",
            "notes",
            "comment",
            "comments",
            "gpu",
            "hardware",
            "layers",
            "seed",
            "备注",
            "",
        ),
        *("downloads", "stars", "rank", "开源", "是否开源"),
    }
)
"""Headers of columns that are no scores and are not kept, though they may hold numbers."""

_parameters = re.compile(
    r"(?P<active>(?:num(?:ber of)? )?active )?(?:total |num(?:ber of)? |model )*"
    r"(?:(?:params|parameters)(?: count)?|size|参数量?|参数规模|模型大小|模型规模)"
    r"(?: (?:in )?(?P<unit>b|m|k|bn|mn|billions?|millions?|thousands?|十?亿))?(?: parameters| params)?"
)
_units = {"b": 10**9, "m": 10**6, "k": 10**3, "t": 10**3, "亿": 10**8, "十": 10**9}
_unit = re.compile(r" (?:pct|percent|percentage)$|^pct ")
_average = re.compile(
    r"(?:average|avg|mean(?! win)|overall|total)\b.*|.* (?:average|avg|mean)|平均.*|.*平均分?|总分|综合得?分"
)
_of_a_part = re.compile(r"(?!global|overall|total|grand|macro|micro|weighted|the )\w.* (?:average|avg|mean)")
_rank = re.compile(
    r"(?:rank|ranking|place|position)\b.*|.* rank(?:ing)?|排名|名次|序号|.* dimensions?"
    r"|(?:throughput|speed|tps)\b.*|(?:.* )?(?:tokens?|tok|samples|it) (?:per )?s(?:ec|econd)?|.* per second"
    r"|(?:δ|delta|diff|difference|change|gain)\b.*|.* (?:δ|delta|diff|difference|change|gain)"
)
"""Ranks, differences, and what says neither how good a model is nor what it costs."""

_raw = " raw"
_of_interval = re.compile(r"(?<=\w) (?:95 (?:pct |percent )?)?(?:ci|confidence interval|stderr|se)$")
"""What the header of a column says of the intervals in its cells: `Elo (95% CI)`."""

_ends_in_unit = re.compile(
    r"[\[(](?:m?s|secs?|seconds?|min|h|hrs?|hours?|k?wh|w|[gm]i?b|kg|usd|eur)[\])]\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, by place."""

    facts: dict[str, int]
    """Place of each meaning that the table has; see `meanings`."""

    scores: tuple[int, ...]
    """Places of columns that may hold the scores of a benchmark each; empty where `score` is a column."""

    averages: tuple[int, ...]
    """Places of averages over other columns."""

    models: dict[str, int]
    """Place of each fact of models that the table has; see `facts`. Also `parameters`, `active_parameters`."""

    beside: dict[int, dict[str, int]] = field(default_factory=dict)
    """Of columns of scores the places of columns that say how sure each is, by their meaning: `mmlu_stderr`."""

    unit: int | None = None
    """What the parameters are counted in, where the header says so."""

    unused: tuple[int, ...] = ()
    """Places of columns that nothing is made of."""


def plain(header: str) -> str:
    """A header by its letters and digits: `#Params (B)` is `params b`, `CO₂ cost` is `co2 cost`."""
    return " ".join(_sign.sub(" ", unicodedata.normalize("NFKC", header)).split()).lower()


def kinds_of(headers: Sequence[str]) -> list[tuple[str, str]]:
    """The benchmark that each column of a table with a model a row is of, and the metric: of two columns `X Raw` and
    `X` the first is `raw` and the other is made of it, `normalised`.
    """
    names = [_of_interval.sub("", plain(header)) for header in headers]
    known = {*names}
    return [
        (name.removesuffix(_raw), "raw")
        if name.endswith(_raw)
        else (name, "normalised" if name + _raw in known else "score")
        for name in names
    ]


def is_taken(header: str) -> bool:
    """Whether a column says what a model takes: a price, a time, energy."""
    return (
        is_cost(plain(header))
        or bool(_ends_in_unit.search(header))
        or any(unicodedata.category(sign) == "Sc" for sign in header)
    )


def columns_of(header: Sequence[str]) -> Columns:
    """What the columns of a table mean. With a `score` column each row is a score; without one, each column that means
    nothing else may be a benchmark.
    """
    names = [_unit.sub("", plain(text)) for text in header]
    found = _places(meanings, names, set())
    averages = tuple(
        place
        for place, name in enumerate(names)
        if _average.fullmatch(name) and not (_parameters.fullmatch(name) or is_taken(header[place]))
        if place not in found.values()
    )
    models = _places(facts, names, {*found.values(), *averages})
    unit = None
    for place, name in enumerate(names):
        if (match := _parameters.fullmatch(name)) and place not in found.values():
            models.setdefault("active_parameters" if match["active"] else "parameters", place)
            unit = _units[match["unit"][0]] if match["unit"] else unit
    beside = _beside(header, names, {*found.values(), *models.values()} - {found.get("score")})
    told = {*models.values(), *averages, *(place for own in beside.values() for place in own.values())}
    left = [
        place
        for place, name in enumerate(names)
        if place not in told and name not in about_the_model and not _rank.fullmatch(name)
    ]
    if "score" in found and ("benchmark" in found or set(left) <= set(found.values())):
        scores: tuple[int, ...] = ()
        kept = {**beside.get(found["score"], {}), **found}
    else:
        kept = {key: place for key, place in found.items() if key in _of_rows}
        synonyms = {name for key in ("model", "date", "source") for name in meanings[key]}
        scores = tuple(place for place in left if place not in kept.values() and names[place] not in synonyms)
    if not scores and "score" not in kept:  # means of parts are all there is
        scores = tuple(place for place in averages if _of_a_part.fullmatch(names[place]))
        averages = tuple(place for place in averages if place not in scores)
    used = {*kept.values(), *scores, *told} - {own[""] for own in beside.values() if "" in own}
    known = {"", "unnamed 0", *meanings["model"]}
    unused = tuple(place for place, name in enumerate(names) if place not in used and name not in known)
    return Columns(kept, scores, averages, models, beside, unit, unused)


of_one_score = ("error", "low", "high", "interval", "n")
"""Columns that say something of the score of a row, where it has one, or of the score beside them."""

_of_rows = frozenset({"model", "source", "date", "precision", "revision", "benchmark", *of_one_score})
"""What a column can be in a table with a model a row."""

_about_a_score = {word: key for key in of_one_score for word in meanings[key]} | dict.fromkeys(
    ("std", "std dev", "stdev", "sd", "variance", "n shot", "shots", "shot", "num fewshot", "baseline", "raw rank"), ""
)
"""What the name of a column that is about another one begins or ends with; empty for what is not kept."""


def _beside(header: Sequence[str], names: Sequence[str], others: set[int]) -> dict[int, dict[str, int]]:
    """Columns that are about another column, by the place of that: `mmlu_stderr` is about `mmlu`, and one of several
    that are called `stderr` or `±` about the one before it. Columns of `others` are about rows or models.
    """
    first = {name: place for place, name in reversed([*enumerate(names)])}
    found: dict[int, dict[str, int]] = {}
    for place, name in enumerate(names):
        sign = header[place].strip() in ("±", "+/-", "+-")
        key = "error" if sign else _about_a_score.get(name)
        if place and key is not None and (sign or names.count(name) > 1):
            about: int | None = place - 1
        else:
            about, key = _about(name, first)
        if about is not None and key is not None and about not in others and place not in others:
            found.setdefault(about, {}).setdefault(key, place)
    return found


def _about(name: str, first: Mapping[str, int]) -> tuple[int | None, str | None]:
    """The place of the column that a name such as `mmlu std err` is about, and what it says of it."""
    words = name.split()
    for number in range(1, min(5, len(words))):
        ending, beginning = " ".join(words[-number:]), " ".join(words[:number])
        for word, base in ((ending, words[:-number]), (beginning, words[number:])):
            if word in _about_a_score and " ".join(base) in first:
                return first[" ".join(base)], _about_a_score[word]
    return None, None


def _places(known: Mapping[str, Sequence[str]], names: Sequence[str], taken: set[int]) -> dict[str, int]:
    """The place of each meaning, by the first of its headers that a table has; no column means two things."""
    found: dict[str, int] = {}
    for meaning, headers in known.items():
        places = [names.index(name) for name in headers if name in names]
        places = [place for place in places if place not in taken and place not in found.values()]
        if places:
            found[meaning] = places[0]
    return found
