"""Bring the translations of the site up to its templates and code: `make words`.

Sentences are found by what is called with them: `t("…")` and `tn("one", "many")` in templates, `Sentence("…")` and
`counted("one", "many")` in Python; the words that values carry come from their enumerations. A translation that is
there is kept; a sentence that is gone stays behind as obsolete until somebody uses its translation or removes it.
"""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from fastapi.routing import APIRoute

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.factors import Mixable
from leaderbench.boards.rules import Rule
from leaderbench.boards.table import Basis
from leaderbench.explain.decisions import Measure
from leaderbench.explain.difference import causes
from leaderbench.explain.difference.first_cause import Kind
from leaderbench.explain.split.design import REST
from leaderbench.models.catalogue import ModelRecord
from leaderbench.models.facts import Commercial, ModelType, Source
from leaderbench.records import Flag
from leaderbench.results.entries import Provenance
from leaderbench.web import api
from leaderbench.web.live import LiveStore

package = Path(__file__).parents[1] / "src" / "leaderbench"
locale = package / "web" / "locale"
width = 120

templates: dict[str, Any] = {"t": None, "tn": (1, 2)}
python: dict[str, Any] = {"Sentence": None, "counted": (1, 2)}


def values() -> dict[str, Iterable[str]]:
    """Words that values carry and pages translate, by the module that they come from."""
    routes = api.router(cast(LiveStore, None)).routes  # which asks nothing of the store
    recipes = [registry.get(name) for name in registry.names()]
    factors = dict.fromkeys(name for item in recipes if isinstance(item, Mixable) for name in item.levels())
    return {
        "benchmarks": [*(item.summary for item in recipes), *factors],
        "boards/rules.py": Rule,
        "boards/table.py": Basis,
        "explain/decisions.py": Measure,
        "explain/difference/causes.py": [item for name, item in vars(causes).items() if name.isupper()],
        "explain/difference/first_cause.py": Kind,
        "explain/split/design.py": [REST],
        "models/catalogue.py": [
            item.name.replace("_", " ") for item in fields(ModelRecord) if "Fact[" in str(item.type)
        ],
        "models/facts.py": [*Source, *ModelType, *Commercial],
        "records.py": Flag,
        "results/entries.py": Provenance,
        "results/runs.py": ("model", "benchmark", "limits", "environment", "engine", "counts"),
        "web/api.py": [item.summary or "" for item in routes if isinstance(item, APIRoute)],
    }


def extracted() -> Catalog:
    """Every sentence and word that pages translate, in the order of the files."""
    found = Catalog(project="leaderbench", charset="utf-8")
    for path in sorted((package / "web" / "templates").glob("*.j2")):
        _add(found, path, "jinja2.ext:babel_extract", templates, {"silent": "false"})
    for path in sorted(package.rglob("*.py")):
        if any(f"{name}(" in path.read_text(encoding="utf-8") for name in python):
            _add(found, path, "python", python, {})
    for place, words in values().items():
        for word in words:
            found.add(str(word), locations=[(place, 0)])
    return found


def _add(found: Catalog, path: Path, method: str, keywords: dict[str, Any], options: dict[str, str]) -> None:
    with path.open("rb") as file:
        for _, text, _, _ in extract(method, file, keywords, options=options):
            found.add(text, locations=[(path.relative_to(package).as_posix(), 0)])


def translated(item: Message) -> bool:
    """Whether every form of a message has a translation."""
    return all(item.string or ()) if item.pluralizable else bool(item.string)


def main() -> None:
    """Write the catalogue of each language anew."""
    template = extracted()
    for path in sorted(locale.glob("*/LC_MESSAGES/messages.po")):
        with path.open("rb") as file:
            known = read_po(file, locale=path.parts[-3])
        for item in known.obsolete.values():
            if item.id in template and not (item.id in known and translated(known[item.id])):
                known.delete(item.id)
                known[item.id] = item  # it is wanted again
        known.update(template, no_fuzzy_matching=True, update_creation_date=False)
        gone = known.obsolete.items()
        known.obsolete = {key: item for key, item in gone if translated(item) and item.id not in template}
        for item in known:
            item.flags.discard("python-format")  # Babel takes "95 % i" for one
        with path.open("wb") as file:
            write_po(file, known, width=width, include_lineno=False)
        missing = [item for item in known if item.id and not translated(item)]
        print(f"{path.relative_to(package)}: {len(missing)} to translate, {len(known.obsolete)} obsolete.")


if __name__ == "__main__":
    main()
