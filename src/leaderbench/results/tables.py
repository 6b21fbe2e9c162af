"""The tables of the index, as SQLAlchemy's core describes them, so that another database may stand behind them."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, String, Table

schema = 4
"""Grows when the tables, or what is put into them, change; a file with a smaller number is built anew."""

metadata = MetaData()

state = Table(
    "leaderbench_index",
    metadata,
    Column("schema", Integer, nullable=False),
    Column("epoch", String, nullable=False),
    Column("changes", Integer, nullable=False),
)
"""One row: the number of the schema, a random name given on creation, and how often the contents changed since."""

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("model", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("benchmark", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("revision", String, nullable=False),
    Column("created", String, nullable=False),
    Column("settings", String, nullable=False),
    Column("limits", String, nullable=False),
    Column("provenance", String, nullable=False),
    Column("source", String, nullable=False),
    Column("problem", String, nullable=False),
    Column("facts", String, nullable=False),
    Column("counts", String, nullable=False),
    Index("runs_in_time", "created", "id"),
    Index("runs_of_a_model", "model"),
    Index("runs_of_a_benchmark", "benchmark"),
    sqlite_with_rowid=False,
)
"""One row a run. `fingerprint` says which state of its files was read, `digest` what was found in them; `counts` are
the manifest's where they give something to note (`run_notes`), else empty.
"""

numbers = ("estimate", "standard_error", "low", "high")


def _score_columns() -> list[Column[str] | Column[int] | Column[float]]:
    """The columns of a score; a number that does not exist is null, for the database has no NaN."""
    return [
        Column("metric", String, nullable=False),
        Column("aggregation", String, nullable=False),
        Column("subset", String),
        *(Column(name, Float) for name in numbers),
        Column("n", Integer, nullable=False),
        Column("errors", Integer, nullable=False),
        Column("view", String, nullable=False),
        Column("bank", Integer),
    ]


scores = Table(
    "scores",
    metadata,
    Column("narrow", Boolean, primary_key=True),
    Column("run", String, primary_key=True),
    Column("place", Integer, primary_key=True),
    *_score_columns(),
    sqlite_with_rowid=False,
)
"""One row a score of a run, in the run's own order. Those of a subset are `narrow`; the others, which boards read, lie
together in front of them.
"""

imported_files = Table(
    "imported_files",
    metadata,
    Column("id", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("problem", String, nullable=False),
    sqlite_with_rowid=False,
)
"""One row a file of imported scores."""

imported = Table(
    "imported",
    metadata,
    Column("file", String, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("model", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("benchmark", String, nullable=False),
    *_score_columns(),
    Column("source", String, nullable=False),
    Column("created", String, nullable=False),
    Column("settings", String, nullable=False),
    Column("facts", String, nullable=False),
    Column("parts", String, nullable=False),
    Index("imported_of_a_model", "model"),
    Index("imported_of_a_benchmark", "benchmark"),
    sqlite_with_rowid=False,
)
"""One row an imported score; `place` is its line in the file."""
