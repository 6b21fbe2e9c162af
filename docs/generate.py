"""Write the reference pages that are made from code: `make reference`. Tests fail where a page is out of date."""

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import leaderbench
from leaderbench.benchmarks import registry
from leaderbench.cli import exits
from leaderbench.cli.examples import EXAMPLES
from leaderbench.cli.main import app
from leaderbench.web.site_file import Site

HERE = Path(__file__).parent
NOTE = "<!-- Made from code by docs/generate.py; `make reference` writes it anew. -->\n"


def pages() -> dict[str, str]:
    """Every generated page: its path below docs/ and its text."""
    return {
        "reference/benchmarks.md": benchmarks_page(),
        "reference/commands.md": commands_page(),
        "reference/exit-codes.md": exits_page(),
        "reference/site.md": site_page(),
        "reference/python.md": python_page(),
    }


def python_page() -> str:
    """The page of the Python API with its table of public names made anew; the rest is written by hand."""
    before, start, rest = (
        (HERE / "reference" / "python.md")
        .read_text(encoding="utf-8")
        .partition("<!-- names: made from code by docs/generate.py -->\n")
    )
    _, end, after = rest.partition("<!-- end of names -->\n")
    lines = ["| name | what it is |", "| --- | --- |"]
    for name in sorted(leaderbench.__all__, key=str.lower):
        value = getattr(leaderbench, name)
        called = f"{name}({', '.join(inspect.signature(value).parameters)})" if inspect.isfunction(value) else name
        summary = (inspect.getdoc(value) or "").partition("\n\n")[0]
        lines.append(f"| `lb.{called}` | {cell(summary)} |")
    return before + start + "\n" + "\n".join(lines) + "\n\n" + end + after


def site_page() -> str:
    """Every setting of a store's `site.toml`."""
    lines = [NOTE, "# The file of a site\n", "What `site.toml` in a store may say; all of it may be left out."]
    lines += ["[Your own leaderboard](../your-leaderboard.md#make-it-your-own) has an example.\n"]
    lines += ["| setting | meaning |", "| --- | --- |"]
    lines += [f"| `{name}` | {cell(item.description or '')} |" for name, item in Site.model_fields.items()]
    return "\n".join(lines) + "\n"


def benchmarks_page() -> str:
    """A section a family, a table of its implementations, and what each recipe decides."""
    found = [registry.get(name) for name in registry.names()]
    lines = [NOTE, "# Benchmarks\n", "Name a whole family (`--benchmark mmlu`) or one implementation"]
    lines += ["(`--benchmark mmlu/helm`). The first metric is the one that a benchmark reports.\n"]
    for family in dict.fromkeys(item.name.split("/")[0] for item in found):
        members = [item for item in found if item.name.split("/")[0] == family]
        lines += [f"## {family}\n", "| benchmark | metrics | subsets | what it is |", "| --- | --- | ---: | --- |"]
        for item in members:
            metrics = ", ".join(f"`{metric}`" for metric in item.metrics)
            lines.append(f"| `{item.name}` | {metrics} | {len(item.subsets)} | {cell(item.summary)} |")
        lines.append("")
        for item in members:
            lines += [f"### {item.name}\n", "| choice | value |", "| --- | --- |"]
            lines += [f"| {key} | {cell(shown(value))} |" for key, value in flat(item.recipe())]
            lines.append("")
        lines += subsets_of(members)
    return "\n".join(lines).rstrip() + "\n"


def subsets_of(members: list[Any]) -> Iterator[str]:
    """The subsets of a family, said once where all its implementations have the same."""
    for subsets in dict.fromkeys(item.subsets for item in members):
        if len(subsets) > 1:
            yield f"Subsets: {', '.join(f'`{name}`' for name in subsets)}.\n"


def flat(recipe: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested choices as `template.header`."""
    for key, value in recipe.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def shown(value: Any) -> str:
    """A value of a recipe, texts with their spaces and newlines visible."""
    if isinstance(value, str) and (value != value.strip() or "\n" in value):
        return f"`{value!r}`"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def cell(text: str) -> str:
    """Text for a table cell."""
    return text.replace("|", "\\|").replace("<", "\\<").replace("\n", " ")


def commands_page() -> str:
    """Every command with its arguments and options, as `--help` has them."""
    lines = [NOTE, "# Commands\n"]
    root = typer.main.get_command(app)
    for path, command in walk(root, "leaderbench"):
        lines += [f"## {path}\n", (command.help or "").strip().replace("\b", "") + "\n"]
        if not getattr(command, "commands", None):
            lines.append(f"```\n{usage(path, command)}\n```\n")
        rows = [row for parameter in command.params if (row := parameter_row(parameter))]
        if rows:
            lines += ["| argument or option | meaning |", "| --- | --- |", *rows, ""]
        if examples := EXAMPLES.get(path):
            lines += ["```\n" + "\n".join(examples) + "\n```\n"]
    return "\n".join(lines).rstrip() + "\n"


def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """A command and all below it."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, f"{path} {name}")


def usage(path: str, command: Any) -> str:
    """`leaderbench run MODEL [OPTIONS]`."""
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    names = [(item.metavar or item.name.upper()) + "…" * (item.nargs == -1) for item in arguments]
    words = [name if item.required else f"[{name}]" for name, item in zip(names, arguments, strict=True)]
    return " ".join([path, *words, "[OPTIONS]"])


def parameter_row(parameter: Any) -> str:
    """One argument or option as a table row; empty for the ones that typer adds by itself."""
    if parameter.name in {"install_completion", "show_completion", "help"} or getattr(parameter, "hidden", False):
        return ""
    if parameter.param_type_name == "argument":
        name = f"`{parameter.metavar or parameter.name.upper()}`"
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
        name = ", ".join(f"`{option}{value}`" for option in reversed(parameter.opts))
    facts = [parameter.help or ""]
    if parameter.envvar:
        facts.append(f"Environment: `{parameter.envvar}`.")
    if parameter.default not in (None, False, "", [], ()) and parameter.param_type_name == "option":
        facts.append(f"Default: `{getattr(parameter.default, 'value', parameter.default)}`.")
    return f"| {name} | {cell(' '.join(facts))} |"


def exits_page() -> str:
    """The exit codes with their meaning."""
    lines = [NOTE, "# Exit codes\n", "| code | name | meaning |", "| ---: | --- | --- |"]
    meanings = member_docstrings(Path(exits.__file__))
    lines += [f"| {code.value} | {code.name} | {cell(meanings[code.name])} |" for code in exits.Exit]
    lines.append("\nEvery error is one sentence on stderr; stdout holds results only.\n")
    return "\n".join(lines)


def member_docstrings(path: Path) -> dict[str, str]:
    """The text under each member of the first class in a file."""
    kind = next(node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef))
    found = {}
    for member, text in zip(kind.body, kind.body[1:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[ast.unparse(member.targets[0])] = str(text.value.value)
    return found


def main() -> int:
    """Write all pages; with --check only say which are out of date."""
    stale = [name for name, text in pages().items() if not (HERE / name).exists() or (HERE / name).read_text() != text]
    for name in stale:
        print(f"{'out of date' if '--check' in sys.argv else 'written'}: docs/{name}")
        if "--check" not in sys.argv:
            (HERE / name).write_text(pages()[name])
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
