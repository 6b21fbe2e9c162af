"""Runs question by question, and which runs there are to compare."""

import shlex
from collections.abc import Sequence

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.difference.causes import Cause
from leaderbench.explain.difference.diff import Diff, diff
from leaderbench.explain.difference.several import Compared, Disagreement, Pair, Several, compare_runs, most
from leaderbench.records import finite
from leaderbench.sentences import Sentence
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown import boards, explanations
from leaderbench.web.shown.runs import listed_run, short_run, whole_run
from leaderbench.web.shown.samples import questions
from leaderbench.web.shown.scores import shown_score
from leaderbench.web.values.basics import Paged, known
from leaderbench.web.values.boards import ShownBoard
from leaderbench.web.values.comparisons import (
    Choice,
    ComparedPair,
    ComparedQuestion,
    ComparedRun,
    Comparison,
    ShownAnswer,
    ShownCause,
    SubsetGap,
)
from leaderbench.web.values.explanations import ListedExplanation
from leaderbench.web.values.runs import ShownRun
from leaderbench.web.views import BoardChoiceView, BoardView, ChoiceView, ComparisonView


def compared(live: LiveStore, view: ComparisonView) -> Comparison:
    """Runs compared, with a page of the questions on which they part.

    Raises `AbsentError` for an unknown run, `LeaderbenchError` where they share no question or are damaged.
    """
    names = tuple(dict.fromkeys(view.run))
    if len(names) < 2:
        raise LeaderbenchError(Sentence("One run was given twice: give another one to compare it with."))
    runs = [whole_run(live, name) for name in names]
    found = live.keep(("compared", *names), live.version(), lambda: compare_runs(runs))
    pair = live.keep(("diff", *names), live.version(), lambda: diff(runs[0], runs[1])) if len(runs) == 2 else None
    wanted = [item for item in found.disagreements if _wanted(item, view.show)]
    start = (view.page - 1) * view.rows
    part = wanted[start : start + view.rows]
    return Comparison(
        runs=tuple(map(_run, found.runs)),
        shared=found.shared,
        n=found.n,
        aggregation=found.aggregation.value,
        drawn=found.drawn,
        sentences=found.sentences,
        pairs=tuple(map(_pair, found.pairs)),
        flipped=sum(item.flips for item in found.disagreements),
        near_ties=sum(item.flips and item.near_tie for item in found.disagreements),
        changed=sum(not item.flips for item in found.disagreements),
        causes=tuple(_cause(cause) for cause in pair.causes) if pair else (),
        subsets=_subsets(pair) if pair else (),
        explanations=_explanations(live, found),
        command=_explain(found),
        questions=Paged[ComparedQuestion](
            items=_questions(live, found, part, pair), page=view.page, size=view.rows, total=len(wanted)
        ),
    )


def _wanted(item: Disagreement, show: str) -> bool:
    if show == "answers":
        return True
    if show in ("all", "near-tie"):
        return item.flips and (show == "all" or item.near_tie)
    word, _, number = show.partition("-")
    place = int(number) - 1
    return place < len(item.answers) and item.alone(place, right=word == "right")


def _run(run: Compared) -> ComparedRun:
    return ComparedRun(
        run=run.run,
        name=run.name,
        model=run.model,
        benchmark=run.benchmark,
        score=shown_score(run.score),
        only=run.only,
        unanswered=run.unanswered,
        stopped=run.stopped,
    )


def _pair(pair: Pair) -> ComparedPair:
    gap = pair.difference
    return ComparedPair(
        a=pair.a,
        b=pair.b,
        difference=known(gap.net),
        low=known(gap.interval.low),
        high=known(gap.interval.high),
        p=known(gap.p),
        adjusted_p=known(pair.adjusted),
        real=pair.real,
        detectable=known(gap.minimum_detectable_effect),
        agreement=known(pair.agreement),
        churn=known(gap.churn),
        a_better=gap.b,
        b_better=gap.c,
    )


def _cause(cause: Cause) -> ShownCause:
    return ShownCause(name=cause.name, a=finite(cause.a), b=finite(cause.b), differs=cause.differs)


def _explanations(live: LiveStore, found: Several) -> tuple[ListedExplanation, ...]:
    models, implementations = ({getattr(run, name) for run in found.runs} for name in ("model", "benchmark"))
    if len(models) > 1 or len(implementations) < 2:
        return ()
    (model,) = models
    stored = explanations.for_(live, model=model)
    return tuple(item for item in stored if implementations.issuperset((item.a, item.b)))


def _explain(found: Several) -> str:
    """The command that takes apart the difference between the first two runs, where it is one of implementations."""
    a, b = found.runs[:2]
    same_family = a.benchmark.partition("/")[0] == b.benchmark.partition("/")[0]
    if a.model != b.model or a.benchmark == b.benchmark or not same_family:
        return ""
    return shlex.join(["leaderbench", "explain", a.model, a.benchmark, b.benchmark])


def _subsets(found: Diff) -> tuple[SubsetGap, ...]:
    return tuple(
        SubsetGap(
            subset=item.subset,
            n=item.difference.n,
            difference=known(item.difference.net),
            low=known(item.difference.interval.low),
            high=known(item.difference.interval.high),
            adjusted_p=known(item.adjusted),
        )
        for item in found.subsets
    )


def _questions(
    live: LiveStore, found: Several, part: Sequence[Disagreement], pair: Diff | None
) -> tuple[ComparedQuestion, ...]:
    one, other = (item.model for item in found.runs[:2])
    # Of two models every question differs in the first place by who was asked: that is no cause to tell of each.
    causes = {flip.example_id: flip.cause.said for flip in pair.flips} if pair and one == other else {}
    texts = questions(live, found.runs[0].run, [item.answers[0].number for item in part])
    return tuple(
        ComparedQuestion(
            example_id=item.example_id,
            subset=item.subset,
            question=text,
            target=item.target,
            answers=tuple(
                ShownAnswer(
                    prediction=answer.prediction, right=answer.right, near_tie=answer.near_tie, number=answer.number
                )
                for answer in item.answers
            ),
            cause=causes.get(item.example_id, ""),
        )
        for item, text in zip(part, texts, strict=True)
    )


def choice(live: LiveStore, view: ChoiceView) -> Choice:
    """The runs chosen, and a page of others that can be compared, newest first. Raises `AbsentError` for an unknown
    one.
    """
    chosen = tuple(short_run(live, listed_run(live, name)) for name in dict.fromkeys(view.run))
    found = live.index.runs(view.page, view.rows, benchmark=view.benchmark or None, damaged=False, search=view.q)
    others = tuple(short_run(live, item) for item in found.items if item.id not in view.run)
    return Choice(
        chosen=chosen, found=Paged[ShownRun](items=others, page=found.number, size=found.size, total=found.total)
    )


def side_by_side(live: LiveStore, name: str, view: BoardChoiceView, language: str) -> ShownBoard:
    """The rows chosen of a board with all their scores. Raises as `runs_of_board` does."""
    _check_count(view)
    return boards.rows_named(live, name, view.row, language)


def runs_of_board(live: LiveStore, name: str, view: BoardChoiceView) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The runs behind a column of a board, of the rows chosen, and the names of the rows without a run there.

    Raises `AbsentError` for an unknown board or column, `LeaderbenchError` for more rows than can be compared.
    """
    _check_count(view)
    table = boards.board_file(live, name, BoardView())
    keys = [column.name for column in table.spec.columns]
    if view.column not in keys:
        raise AbsentError(f"The board {name} has no column {view.column[:100]!r}.")
    place = keys.index(view.column)
    chosen = {row.name: row.cells[place] for row in table.rows if row.name in view.row}
    runs = {row: cell.run for row, cell in chosen.items() if cell is not None and cell.run}
    return tuple(runs.values()), tuple(row for row in chosen if row not in runs)


def _check_count(view: BoardChoiceView) -> None:
    if len(set(view.row)) > most:
        raise LeaderbenchError(
            Sentence("{n} models are too many to compare: choose up to {most}.", n=len(view.row), most=most)
        )
