"""Two stores to visit: one in which every text that can be hostile is, and one like that of a real board."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from leaderbench.benchmarks import registry
from leaderbench.evaluation.run import dataset_source, evaluate, select
from leaderbench.explain.split.explanation import explanation
from leaderbench.explain.split.grid import Cause, Grid, save
from leaderbench.models.fake import FakeModel, Judge, by_hash
from leaderbench.records import Flag, TokenText
from leaderbench.requests import LogLikelihood, Request, digest
from leaderbench.results.imports import import_csv, import_lm_eval
from leaderbench.results.store import Store
from leaderbench.results.tokens import AskedTokens, RunTokens
from tests.results.imports.conftest import TIME, choice_row, results
from tests.web.conftest import fill, make_run

hostile = (
    "<script>document.title='taken'</script>",
    "\"><img src=x onerror=document.title='taken'>",
    "'><svg/onload=document.title='taken'>",
    "</title></pre></textarea></script><script>document.title='taken'</script>",
    "javascript:document.title='taken'",
    "{{ 7*7 }}{% include 'x' %}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "a\0b\x1b[31mred\x1b]0;title\x07\x08\x7f\x9b",
    "abc\u202etxt.exe\u2066\u2069",
    "line\nbreak\r\nand\u2028more",
    "emoji 🤖 zero\u200bwidth",
    "%2e%2e%2f%00",
    "long " + "x" * 3000,
)
"""Texts as they come from strangers."""

names = tuple(f"evil/{text}" if place % 2 else text for place, text in enumerate(hostile[:-1]))
"""The same as names of models."""


explained = "518983b58e89"
"""Id of the hostile store's explanation: the difference between two implementations has one everywhere."""


def hostile_store(folder: Path) -> Store:
    """Runs of the fake model, imported runs and scores, a damaged run, a board, facts and tokens full of `hostile`."""
    store = Store(folder / "store")
    fill(store)
    evaluate(FakeModel("fake"), "exam/original", store=store, limit=2)
    for place, name in enumerate(names):
        run = make_run(name, "mmlu/harness", run_id=f"e{place:011}", right=place, n=24)
        texts = {i: TokenText(text, special=i % 2 == 1) for i, text in enumerate(hostile)}
        changes = [
            {
                "example_id": f"{text[:60]}/{i}",
                "subset": text[:200],
                "prompt": f"{text}\n\n{text}",
                "continuations": (text, hostile[place]),
                "prediction": text,
                "target": hostile[place],
                "error": text if i % 5 == 4 else None,
                "flags": (Flag.ERROR,) if i % 5 == 4 else (),
                "predictions": {text[:50]: text},
                "metrics": {text[:50]: float("inf"), "acc": -1e308},
                "margin": float("nan"),
                "continuation_tokens": ((i % len(hostile), i + 1), (3,)),
            }
            for i, text in enumerate((hostile * 2)[:24])
        ]
        samples = tuple(replace(item, **change) for item, change in zip(run.samples, changes, strict=True))
        overall = [score for score in run.scores if score.subset is None]
        scores = [*overall, *(replace(overall[0], subset=change["subset"]) for change in changes)]
        manifest = replace(
            run.manifest,
            environment={text[:80]: text for text in hostile},
            limits={"limit": None, "subsets": [name]},
            model={**run.manifest.model, "revision": name, "dtype": name},
            counts={"questions": 24, "errors": 4, "flags": {}},
        )
        asked = AskedTokens(tuple(range(len(hostile))), 5, ((1, 2), (3,)))
        store.save(
            replace(run, manifest=manifest, scores=tuple(scores), samples=samples),
            RunTokens(texts, "anatomy/0", (asked,)),
        )
    for place, value in enumerate((1e308, -1.7e308, float("nan"), float("inf"), 1e-320)):
        run = make_run("org/huge", "mmlu/original", run_id=f"f{place:011}", n=4, right=2)
        run = replace(run, manifest=replace(run.manifest, model={**run.manifest.model, "name": f"org/huge-{place}"}))
        wide = {"estimate": value, "standard_error": abs(value), "low": -abs(value), "high": abs(value)}
        store.save(replace(run, scores=tuple(replace(score, **wide) for score in run.scores)))
    _damage(store)
    _imports(store, folder / "theirs")
    _beside(store)
    return store


def _damage(store: Store) -> None:
    """Runs of which nothing, the samples or the manifest cannot be read."""
    store.save(make_run("org/damaged", "mmlu/harness", run_id="ddddddddddd0"))
    (store.path / "runs" / "ddddddddddd0" / "samples.parquet").write_bytes(b"rubbish")
    store.save(make_run("org/damaged", "mmlu/original", run_id="ddddddddddd1"))
    (store.path / "runs" / "ddddddddddd1" / "manifest.json").write_text("{" * 5000)


def _imports(store: Store, folder: Path) -> None:
    """Results of other systems, as hostile."""
    folder.mkdir()
    lines = ["model,benchmark,implementation,metric,subset,score,n,source,date"]
    links = ("https://example.org/runs/1", "http://example.org/<b>", "javascript:alert(1)", "data:text/html,x", "//x.y")
    sources = [*links, *(text for text in hostile if text.isprintable()), "/" * 2000, " JAVASCRIPT:alert(1)"]
    for place, source in enumerate(sources):
        name = names[place % len(names)].replace('"', '""').replace("\n", " ").replace("\r", " ").replace("\0", " ")
        quoted = source.replace('"', '""')
        lines.append(f'"{name}",mmlu,"x{place}","acc","",0.{place + 10},100,"{quoted}",2024-01-01')
    lines += [f'org/published,mmlu,p,acc,,0.5,100,"{link}",2024-01-01' for link in links[:1]]
    (folder / "published.csv").write_text("\n".join(lines), encoding="utf-8")
    import_csv([folder / "published.csv"], store)
    out = folder / "maker__tiny"
    out.mkdir()
    rows = [choice_row(i, [-1.0, -2.0, -3.0, -0.5], i % 4) for i in range(6)]
    for row, text in zip(rows, hostile, strict=False):
        row["doc"] = {"question": text, "choices": [text] * 4}
    content = results({"mmlu_anatomy": {"acc,none": 0.25, "acc_stderr,none": 0.1}}, 6, model_name=hostile[1])
    (out / f"results_{TIME}.json").write_text(json.dumps(content))
    (out / f"samples_mmlu_anatomy_{TIME}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_lm_eval([out], store)


def _beside(store: Store) -> None:
    """A board, declarations, a record and a grid of an explanation."""
    markup = json.dumps(hostile[1])
    (store.path / "boards" / "hostile.toml").write_text(
        f"title = {markup}\nabout = {json.dumps(hostile[0] + ' `' + hostile[2] + '`')}\n"
        f'[[columns]]\nbenchmark = "mmlu/harness"\ntitle = {json.dumps(hostile[2])}\n'
        '[[columns]]\nimported = "mmlu/p-published"\ntitle = "=1+1"\n'
    )
    declared = "".join(
        f"[{json.dumps(name)}]\nlicence = {json.dumps(hostile[0])}\norganisation = {markup}\nlanguages = [{markup}]\n"
        for name in names
        if name.isprintable()
    )
    (store.path / "models.toml").write_text(declared, encoding="utf-8")
    (store.path / "models").mkdir(exist_ok=True)
    (store.path / "models" / "rubbish.json").write_text("[" * 100_000)
    save(_grid(hostile[0], "mmlu/original", "mmlu/harness"), store.path / "explanations" / "0123456789ab.parquet")
    (store.path / "explanations" / "ba9876543210.parquet").write_bytes(b"PAR1 rubbish")


def _grid(model: str, a: str, b: str) -> Grid:
    """What became of 40 questions under two causes."""
    n, rng = 40, np.random.default_rng(1)
    cause = Cause(
        model=model,
        identity=hashlib.sha256(model.encode()).hexdigest(),
        a=a,
        b=b,
        factors=("prompt", "scoring"),
        fixed=(),
        metrics=("acc",) * 4,
        aggregations=("micro",) * 4,
        revision=hostile[1],
        limits=hostile[1],
        noise=1e-6,
        errors=0,
    )
    targets = tuple(rng.choice(list("ABCD"), n).tolist())
    predictions = rng.choice(list("ABCD"), (n, 4)).astype(object)
    values = (predictions == np.array(targets, dtype=object)[:, None]).astype(np.float64)
    ids = tuple(f"{hostile[i % 5][:60]}/{i}" for i in range(n))
    return Grid(cause, ids, (hostile[0],) * n, targets, values, rng.uniform(0, 1, (n, 4)), predictions)


models = {
    "acme/tiny-0.5B": ("apache-2.0", 500_000_000, 0.02),
    "acme/small-1.5B": ("mit", 1_500_000_000, 0.2),
    "acme/large-8B": ("apache-2.0", 8_000_000_000, 0.45),
    "beta/free-2B": ("apache-2.0", 2_000_000_000, 0.3),
    "beta/closed-3B": ("cc-by-nc-4.0", 3_000_000_000, 0.4),
    "gamma/vast-70B": ("llama3", 70_000_000_000, 0.7),
    "delta/unknown-3B": (None, 3_000_000_000, 0.1),
}
"""Of the second store: licence, parameters, and the share of questions that each knows the answer to."""

benchmarks = ("exam/original", "exam/harness", "exam/open-llm-v1")


def rich_store(folder: Path) -> Store:
    """Models of several sizes and licences on three implementations of the bundled exam."""
    store = Store(folder / "store")
    answers = _answers(benchmarks)
    for name, (_, _, share) in models.items():
        for benchmark in benchmarks:
            evaluate(FakeModel(name, _knowing(answers, name, share)), benchmark, store=store)
    for benchmark in benchmarks:
        evaluate("baseline:random", benchmark, store=store)
    model = FakeModel("acme/large-8B", _knowing(answers, "acme/large-8B", 0.45))
    explanation(model, ["exam/original", "exam/harness"], store=store, limit=10)
    declared = [
        f'["{name}"]\nparameters = {parameters}\n' + (f'licence = "{licence}"\n' if licence else "")
        for name, (licence, parameters, _) in models.items()
    ]
    (store.path / "models.toml").write_text("\n".join(declared))
    columns = "".join(f'[[columns]]\nbenchmark = "{name}"\nbaseline = 0.25\n' for name in benchmarks)
    (store.path / "boards").mkdir()
    (store.path / "boards" / "exam.toml").write_text(
        f'rule = "mean"\ntitle = {{ en = "A small exam", zh = "小考" }}\nabout = "By size."\n{columns}'
    )
    return store


Answers = dict[str, tuple[str, str]]


def _answers(benchmarks: Sequence[str]) -> Answers:
    """The id of the question behind each request, and its right continuation."""
    found: Answers = {}
    for name in benchmarks:
        for question in select(registry.get(name), dataset_source(None), (), None):
            (request,) = question.requests
            assert isinstance(request, LogLikelihood)
            found[digest(request)] = question.example.id, request.continuations[question.example.target]
    return found


def _knowing(answers: Answers, name: str, share: float) -> Judge:
    """A judge that knows the answers to this share of the questions, the same ones under every implementation."""

    def judge(request: Request, text: str) -> float:
        question, right = answers.get(digest(request), ("", ""))
        knows = bool(question) and random.Random(f"{name} {question}").random() < share
        return 0.0 if knows and text == right else by_hash(request, f"{name} {text}")

    return judge
