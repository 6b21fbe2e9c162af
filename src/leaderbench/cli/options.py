"""Options that several commands share, each written once."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_STORE = Path("leaderbench-store")

Store = Annotated[
    Path,
    typer.Option(
        "--store", envvar="LEADERBENCH_STORE", metavar="DIR", help="Folder that keeps answers, samples and scores."
    ),
]
Datasets = Annotated[
    Path | None,
    typer.Option(
        "--datasets",
        envvar="LEADERBENCH_DATASETS",
        metavar="DIR",
        help="Folder of local dataset copies, <DIR>/<org>/<name>; without it, the Hugging Face Hub.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Subsets = Annotated[
    list[str] | None,
    typer.Option("--subset", "-s", metavar="NAME", help="Only this part, such as an MMLU subject; may be repeated."),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", "-l", min=1, metavar="N", help="At most N questions of each subset, the first ones."),
]
Questions = Annotated[
    int | None,
    typer.Option(
        "--questions",
        "-n",
        min=1,
        metavar="N",
        help="N questions drawn at random, shared out over the subsets by size; marked ≈ wherever the score appears.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Another seed draws other questions, or asks them in another order."),
]
Shots = Annotated[
    int | None,
    typer.Option(
        "--shots", min=0, metavar="K", help="Solved examples before each question, instead of the recipe's number."
    ),
]
Revision = Annotated[
    str | None, typer.Option("--revision", metavar="COMMIT", help="Branch, tag or commit of a Hub model.")
]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype", metavar="TYPE", help="float32, bfloat16, float16, or auto: what checkpoint and hardware like."
    ),
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="cpu, cuda, cuda:1, mps, or auto.")]
