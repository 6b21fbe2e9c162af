"""The database behind the index: a file of its tables that may be missing, foreign or damaged at any moment.

Nothing here is the truth: whatever is wrong with the file, it is put out of the way and a new one is filled from the
store (`index_seal` finds what is wrong). Statements are plain SQL of SQLAlchemy's core.
"""

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, StaticPool, create_engine, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from leaderbench.errors import LeaderbenchError
from leaderbench.results import index_seal, locks
from leaderbench.results.tables import imported, imported_files, metadata, runs, schema, scores, state

Unusable = (SQLAlchemyError, UnicodeError)
"""What reading a damaged file may raise; sqlite3 decodes names and messages out of it."""

patience = 30.0
"""Seconds to wait for another process that writes; its transactions take a fraction of one."""

preparing = 5.0
"""Seconds to wait for another process that makes the file; then listings are read into memory."""


@dataclass(frozen=True, slots=True)
class _Home:
    """Where the tables are."""

    engine: Engine
    turn: AbstractContextManager[object]
    """Held while the tables are used."""

    path: Path | None


class Database:
    """The tables in a file, or in memory where no file can be written; made ready on creation.

    Every use opens the file anew (a fraction of a millisecond), so that one that was deleted or replaced meanwhile is
    not used any longer, and several threads and processes may use it at once.
    """

    def __init__(self, path: Path) -> None:
        self.remarks: list[str] = []
        """Notes, a sentence each: a file that was set aside, or why there is none."""
        self._wanted = path
        self._no_store = False
        self._writes = self._wrote = False  # this process is changing the file: meanwhile nothing is compared
        self._right: index_seal.State | None = None
        self._home = _Home(_engine(path), nullcontext(), path)
        self.open()

    @property
    def path(self) -> Path | None:
        """The file; None while the tables are in memory."""
        return self._home.path

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries. Raises one of `Unusable` where the file is not what it should be."""
        home = self._home
        if not self._writes:
            self._check(home)
        with home.turn, home.engine.connect() as connection:
            yield connection

    def _check(self, home: _Home) -> None:
        """Raise one of `Unusable` where the file is in another state than it was found right in, and is not right."""
        if home.path is None or (state := index_seal.state_of(home.path)) in (None, self._right):
            return
        if not index_seal.is_sealed(home.path):
            with home.turn, home.engine.connect() as connection:
                if not _is_right(connection):
                    raise SQLAlchemyError("the index is damaged")
            index_seal.seal(home.path)
        self._right = state

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Several transactions, after which the file is sealed; before them it is checked."""
        home = self._home
        self._check(home)
        self._writes, self._wrote = True, False
        try:
            yield
        finally:
            self._writes = False
        if home.path is not None and self._home is home and self._wrote:
            with suppress(*Unusable), home.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            index_seal.seal(home.path)
            self._right = index_seal.state_of(home.path)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that no other writer overlaps, in this process or another."""
        home = self._home
        # As the first statement, a change of this row makes all other writers wait, in any database.
        wait_for_others = update(state).values(schema=state.c.schema)
        with home.turn, home.engine.connect() as connection:
            try:
                _set_patience(connection, min(locks.quiet, patience))
                connection.execute(wait_for_others)
            except SQLAlchemyError as error:
                connection.rollback()
                if not is_busy(error):
                    raise
                getLogger(__name__).warning(
                    f"The index {self._wanted} is being written by {self.holder}: waiting for up to {patience:.0f} s."
                )
                _set_patience(connection, patience)
                connection.execute(wait_for_others)
            yield connection
            self._wrote = True
            connection.commit()

    @property
    def holder(self) -> str:
        """Who else writes to the file."""
        return locks.holder(*(self._wanted.with_name(self._wanted.name + end) for end in ("-shm", "-wal", "")))

    def close(self) -> None:
        """Let go of everything; what was in memory is gone."""
        home = self._home
        with home.turn:
            home.engine.dispose()

    def open(self) -> None:
        """Make the file ready: create it, or replace one that is of no use; in memory where that is impossible.

        One that is not sealed is read as a whole first. New tables are empty.
        """
        self._no_store = not self._wanted.parent.is_dir()
        if self._no_store:  # nothing is stored there yet, and asking does not create a store
            self._go_to_memory()
            return
        try:
            if _trouble(self._wanted) is not None:  # a usable one is read whoever holds the lock
                lock = locks.acquire(self._wanted.with_name(".index.lock"), f"The index {self._wanted}", wait=preparing)
                try:
                    self._prepare()
                finally:
                    os.close(lock)
        except (OSError, LeaderbenchError, sqlite3.Error, *Unusable) as error:
            self.give_up_file(error)
        else:
            if not index_seal.is_sealed(self._wanted):
                index_seal.seal(self._wanted)
            self._right = index_seal.state_of(self._wanted)
            self._move(_Home(_engine(self._wanted), nullcontext(), self._wanted))

    def missed(self) -> bool:
        """Whether the tables went to memory only because there was no store, and now there is one."""
        return self._no_store and self._wanted.parent.is_dir()

    def give_up_file(self, error: Exception) -> None:
        """Go on in memory, and say why."""
        reason = str(getattr(error, "orig", error)).rstrip(".")
        remark = (
            f"The index {self._wanted} cannot be used ({reason}); listings are kept in memory, and read from the runs "
            "anew at every start until it can."
        )
        if remark not in self.remarks:
            self.remarks.append(remark)
        self._go_to_memory()

    def _prepare(self) -> None:
        trouble = _trouble(self._wanted)
        if trouble is None:
            return
        if trouble:
            self.remarks.append(index_seal.set_aside(self._wanted, trouble))
        for end in ("-wal", "-shm"):  # of a file that is no more: they would be taken for the new one's
            self._wanted.with_name(self._wanted.name + end).unlink(missing_ok=True)
        with closing(sqlite3.connect(self._wanted, timeout=patience)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        _create(_engine(self._wanted))

    def _go_to_memory(self) -> None:
        if self._home.path is not None:
            engine = _memory()
            _create(engine)
            # All threads share the one connection that holds the tables, so they take turns.
            self._move(_Home(engine, threading.RLock(), None))

    def _move(self, home: _Home) -> None:
        left, self._home = self._home, home
        with left.turn:  # whoever uses the old tables finishes first
            left.engine.dispose()


def _set_patience(connection: Connection, seconds: float) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1000 * seconds)}")


def version(connection: Connection) -> str:
    """A text that is another one whenever the contents have changed."""
    epoch, changes = connection.execute(select(state.c.epoch, state.c.changes)).one()
    return f"{epoch}-{changes}"


def note_change(connection: Connection) -> None:
    """Give the contents another version."""
    connection.execute(update(state).values(changes=state.c.changes + 1))


def is_busy(error: Exception) -> bool:
    """Whether an error only says that another process did not stop writing."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _code(error: Exception) -> int:
    """SQLite's number of an error; that of a damaged file for what is no error of SQLite's own."""
    return int(getattr(getattr(error, "orig", None), "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)) & 0xFF


def _engine(path: Path) -> Engine:
    address = path.absolute().as_uri() + "?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=patience, check_same_thread=False)
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _memory() -> Engine:
    return create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


def _create(engine: Engine) -> None:
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(insert(state).values(schema=schema, epoch=secrets.token_hex(6), changes=0))


def _trouble(path: Path) -> str | None:
    """None for a file that can be used, nothing for none or an empty one, else what is wrong with it.

    Raises `LeaderbenchError` for a file of a newer leaderbench.
    """
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return ""
    is_sealed = index_seal.is_sealed(path)
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
            if state.name not in tables:
                return "is no index of leaderbench" if tables else ""
            found = connection.execute(select(state.c.schema)).scalars().all()
            if len(found) == 1 and found[0] > schema:
                raise LeaderbenchError("it belongs to a newer leaderbench")
            if found != [schema]:
                return "was made by an older leaderbench"
            if any(not set(table.c.keys()) <= _columns(connection, name) for name, table in metadata.tables.items()):
                return "was made by another leaderbench"
            return None if is_sealed or _is_right(connection) else "was damaged"
    except Unusable as error:
        if _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            return "was damaged"
        raise
    finally:
        engine.dispose()


def _is_right(connection: Connection) -> bool:
    return index_seal.is_right(connection, ((runs, scores, "run"), (imported_files, imported, "file")))


def _columns(connection: Connection, table: str) -> set[str]:
    return set(connection.exec_driver_sql("SELECT name FROM pragma_table_info(?)", (table,)).scalars())
