"""Where a model's files are: a local folder, the package, or the Hub."""

import errno
from pathlib import Path

from leaderbench.errors import LeaderbenchError
from leaderbench.models.contents import FILES, is_gguf

CARD = "README.md"
"""The model card, fetched with the files where there is one. It changes no answer and is no part of an identity."""


def find(name: str, revision: str | None) -> tuple[Path, str | None]:
    """The folder that holds a model's files, and the Hub commit where it came from there.

    Raises:
        LeaderbenchError: nothing of that name can be had.
    """
    if name.startswith("bundled:"):
        from leaderbench.bundled import model_folders

        folders = model_folders()
        if (short := name.removeprefix("bundled:")) not in folders:
            raise LeaderbenchError(f"There is no bundled model {short!r}; there are: {', '.join(sorted(folders))}.")
        return folders[short], None
    try:
        folder = Path(name).expanduser()
        if name and folder.is_dir():
            return folder, None
        if folder.suffix == ".gguf" and folder.is_file():
            raise LeaderbenchError(is_gguf(name))
        if folder.is_file():
            raise LeaderbenchError(f"{name[:200]} is a file, and a model is a folder of files: give the folder.")
        absent = not name or folder.exists() or name.startswith((".", "/", "~")) or name.count("/") > 1
    except (OSError, RuntimeError, ValueError):
        # Too long a name, a home of nobody.
        absent = True
    if absent:
        raise LeaderbenchError(
            f"There is no model folder at {name[:200]!r}; give a folder, or the id of a Hub repository."
        )
    return _fetch(name, revision)


def _fetch(name: str, revision: str | None) -> tuple[Path, str | None]:
    """Bring a Hub repository's files to the local cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = f"{name} at revision {revision}" if revision else name
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=[*FILES, CARD]))
    except GatedRepoError as error:
        raise LeaderbenchError(
            f"The Hub repository {where} is gated: accept its terms on its page, then log in with `hf auth login`."
        ) from error
    except RevisionNotFoundError as error:
        raise LeaderbenchError(
            f"The Hub repository {name} has no revision {revision}; see its page for those it has."
        ) from error
    except RepositoryNotFoundError as error:
        raise LeaderbenchError(
            f"There is no folder and no public Hub repository called {name}; check the spelling, or log in where it is "
            "private."
        ) from error
    except HFValidationError as error:
        raise LeaderbenchError(f"{name!r} is neither a folder nor the id of a Hub repository (owner/name).") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise LeaderbenchError(
                f"{where} cannot be kept in the Hugging Face cache ({error.strerror}): free some space, or let HF_HOME "
                "name another folder."
            ) from error
        raise LeaderbenchError(
            f"The Hub cannot be reached and {where} is not in the local cache; go online, or give a local folder."
        ) from error
    except Exception as error:
        # Whatever its network library raises when a line breaks in the middle of a file.
        what = " ".join(f"{type(error).__name__} {error}".split())[:200]
        raise LeaderbenchError(
            f"{where} could not be fetched from the Hub ({what}): the same command goes on where it stopped."
        ) from error
    return folder, folder.name
