"""`leaderbench list`: benchmarks, models and runs."""

from leaderbench.cli import commands, models, options, show, tables, terminal

WHICH = (
    "Compare a number only with one of the same implementation: harness for lm-eval of today and most model cards, "
    "open-llm-v1 for the Open LLM Leaderboard v1, helm for HELM, original for the papers, harness-2023 for lm-eval "
    "before the summer of 2023. See docs/which-mmlu.md."
)

app = commands.group(help="List benchmarks, models or runs.")
app.command("models", cls=commands.Command)(models.models)


@app.command("benchmarks", cls=commands.Command)
def benchmarks(json: options.Json = False) -> None:
    """List the benchmarks that can be asked."""
    from leaderbench.benchmarks import registry

    found = [registry.get(name) for name in registry.names()]
    if json:
        terminal.print_json(
            [
                {
                    "name": item.name,
                    "summary": item.summary,
                    "dataset": item.dataset,
                    "subsets": list(item.subsets),
                    "metrics": [str(metric) for metric in item.metrics],
                }
                for item in found
            ]
        )
        return
    made = tables.table("benchmark", "metric", "subsets", "what it is", right=("subsets",))
    for item in found:
        made.add_row(item.name, str(item.metrics[0]), str(len(item.subsets)), item.summary)
    terminal.stdout().print(made)
    terminal.stdout().print(WHICH, soft_wrap=True)


@app.command("runs", cls=commands.Command)
def runs(store: options.StoreToRead = options.DEFAULT_STORE, json: options.Json = False) -> None:
    """List the runs in the store, oldest first."""
    from leaderbench.results.store import Store
    from leaderbench.results.subjects import names_of_models

    summaries = Store(store).runs()
    if json:
        terminal.print_json([show.summary_as_json(item, by_subset=False) for item in summaries if item.manifest])
    else:
        failed = any(score.errors for item in summaries for score in item.scores[:1])
        errors = ("errors",) if failed else ()
        columns = ("run", "model", "benchmark", "settings", "score", "n", *errors, "finished (UTC)")
        made = tables.table(*columns, right=("score", "n", "errors"))
        names = names_of_models(summaries)
        for item in summaries:
            if item.scores and item.manifest is not None:
                score = item.scores[0]
                facts = [tables.estimate(score), f"{score.n:,}" + (f" of {score.bank:,}" if score.bank else "")]
                facts += [f"{score.errors:,}"] if failed else []
                chosen = item.manifest.selection.partition(" questions, ")[2]  # how many stands under n
                settings = ", ".join(filter(None, [chosen, item.manifest.set_by_hand]))
                when = item.created[:16].replace("T", " ")
                row = (item.id, names[item.id], item.benchmark, settings, *facts, when)
                made.add_row(*map(terminal.label, row))
        terminal.stdout().print(made)
        tables.print_marks(score for item in summaries for score in item.scores[:1])
    show.report_damage(summaries)
