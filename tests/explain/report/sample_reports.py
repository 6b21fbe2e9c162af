"""Reports that tests show: a plain one, a hostile one, and one as large as MMLU."""

import math
import random
from dataclasses import replace

from leaderbench.explain.report import charts
from leaderbench.explain.report.values import Bar, Chart, Flip, Flips, Report, Table, Text, Version

shot = (
    "Which of these statements is true of item {}?\n"
    "A. It damaged support for the model of political economy described above and the trust that others had in it\n"
    "B. It created anger at those who had exaggerated the crisis, and at those who had not seen it coming\n"
    "C. It increased support for leadership by a single country in questions of finance and of security\n"
    "D. It reduced the use of one currency in trade all over the world and made others more important\n"
)

hostile = (
    "</script><script>window.hacked = 1</script>",
    "<img src=http://127.0.0.1:9/x onerror='window.hacked = 1'>",
    "<!-- <script>",
    '" onmouseover="window.hacked = 1" x="',
    "{{ 7 * 7 }}{% raw %}",
    "]]>&lt;b&gt;\\u003c",
    "\x00\x07\x1b[31mred\x1b[0m\x9b2J\r",
    "\udc80 lone \ud83d",
    "\u202eevil\u2066",
    "__proto__",
)
"""Texts that must stay texts."""


def prompt(number: int, *, header: str = "", answer: str = "Answer:", shots: int = 5) -> str:
    """An MMLU-like prompt of about 3 kB."""
    examples = "".join(f"{shot.format(7 * number + place)}{answer} {'ABCD'[place % 4]}\n\n" for place in range(shots))
    return header + examples + shot.format(number) + answer


def flip(number: int) -> Flip:
    """A flipped question; every third a near tie, every second right at first."""
    right, near = number % 2 == 0, number % 3 == 0
    header = "The following are multiple choice questions (with answers) about us foreign policy.\n\n"
    a = Version("mmlu/original", prompt(number, header=header), "C" if right else "B", right, 2e-5 if near else 0.4)
    b = Version("mmlu/harness-2023", prompt(number), "B" if right else "C", not right, 0.1)
    return Flip(f"us_foreign_policy/{number}", ("prompt template", "scoring rule")[number // 2 % 2], near, "C", a, b)


def contributions(names: tuple[str, ...] = ("prompt template", "scoring rule")) -> tuple[charts.Contribution, ...]:
    """A contribution a name."""
    return tuple(
        charts.Contribution(name, 2.0 - 3 * place, 1.2 - 3 * place, 2.8 - 3 * place, 0.5 - 3 * place, 4.0 - 3 * place)
        for place, name in enumerate(names)
    )


def all_charts(names: tuple[str, ...] = ("prompt template", "scoring rule", "few-shot examples")) -> tuple[Chart, ...]:
    """Each kind of chart, with these names in it."""
    size = len(names)
    share = [[0.1 * abs(row - column) / size for column in range(size)] for row in range(size)]
    return (
        charts.contributions(("original", 63.7), contributions(names), ("harness", 58.7), -0.5),
        charts.interactions([charts.Interaction(names[0], name, -1.5, -2.0, -1.0) for name in names[1:]]),
        charts.churn(names, share),
        charts.shift_or_reorder([charts.ShiftAndReordering(name, -2, -3, -1, 1, 0.5, 2) for name in names]),
        charts.ranks(
            [
                charts.Rank(name, implementation, rank, 60 - rank, 0.4)
                for implementation, order in (("original", names), ("harness", names[::-1]))
                for rank, name in enumerate(order, 1)
            ]
        ),
        charts.subsets([charts.SubsetDifference(name, -1.0, -2.0, 1.0, 100) for name in names]),
        charts.margins([1e-6, 1e-5, 0.0, 0.02, 0.5, math.nan], 1e-4),
    )


def plain_report() -> Report:
    """One of each section."""
    table = Table(
        "What each cause contributes",
        ("cause", "contribution, points", "p", "flips"),
        (
            ("prompt template", Bar(2.0, 1.2, 2.8), 0.012, 812),
            ("scoring rule", Bar(-6.3, -7.1, -5.5), 2e-12, 2210),
            ("not reproduced", Bar(-0.5, math.nan, math.nan), None, None),
        ),
        "95 % intervals.",
    )
    return Report(
        "llama-65b: original → harness",
        "The score falls by 4.8 points, mostly because of the scoring rule.",
        (
            *all_charts(),
            table,
            replace(table, title="Only on the page", in_terminal=False),
            Text("Is the gap real?", ("Yes.", "The interval excludes zero.")),
            Flips("Questions that flipped", tuple(flip(number) for number in range(12)), 1342, "The store has all."),
        ),
        (("model", "llama-65b"), ("questions", "14,042")),
    )


def hostile_flip(item: str, text: str) -> Flip:
    """A flip with hostile texts in every place."""
    a, b = Version(item, text + item, item, True, 1.0), Version(item, item, text, False, math.nan)
    return Flip(item, item, True, item, a, b)


def hostile_report() -> Report:
    """Every string of it wants to be something else."""
    text = " ".join(hostile)
    sections = (
        *(replace(chart, title=text, description=text, note=text) for chart in all_charts(hostile)),
        Table(text, hostile, (hostile, (Bar(1.0, 0.5, 2.0), 1, math.nan, math.inf, None, text)), text),
        Text(text, hostile),
        Flips(
            text,
            tuple(
                Flip(
                    item,
                    item,
                    True,
                    item,
                    Version(item, text + item, item, True, 1.0),
                    Version(item, item, text, False, math.nan),
                )
                for item in hostile
            ),
            99,
            text,
        ),
    )
    return Report(text, text, sections, tuple((item, item) for item in hostile))


def large_report(flips: int = 300) -> Report:
    """As large as MMLU: 57 subsets and 300 listed flips of 5-shot prompts."""
    draw = random.Random(1)
    differences = []
    for number in range(57):
        value, error = draw.gauss(-5, 8), draw.uniform(3, 9)
        name = f"high school subject {number}"
        differences.append(charts.SubsetDifference(name, value, value - error, value + error, 246))
    rows = tuple(
        (item.subset, item.n, "63.7 %", "58.7 %", Bar(item.value, item.low, item.high)) for item in differences
    )
    table = Table("By subset", ("subset", "questions", "original", "harness", "net, points"), rows)
    plain = plain_report()
    listed = Flips("Questions that flipped", tuple(flip(number) for number in range(flips)), 2210)
    return replace(plain, sections=(*plain.sections[:-1], charts.subsets(differences), table, listed))
