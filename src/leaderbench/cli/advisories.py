"""Versions of libraries with a publicly known hole that a model, a dataset or a reader of the site could reach."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True, slots=True)
class Advisory:
    """One hole: every version of the package before the one that mends it has it."""

    package: str
    mended_in: str
    identifier: str
    """Its number in the list of Common Vulnerabilities and Exposures."""

    effect: str
    """What it lets somebody do."""


ADVISORIES = (
    Advisory("torch", "2.6", "CVE-2025-32434", "runs code of a pickled checkpoint where weights only were asked for"),
    Advisory("transformers", "5.3.0", "CVE-2026-4372", "runs code that a model's config.json names"),
    Advisory("transformers", "5.3.0", "CVE-2026-5241", "lets a model's config.json allow its own code"),
    Advisory("pyarrow", "14.0.1", "CVE-2023-47248", "runs code of a Parquet file"),
    Advisory("pyyaml", "5.4", "CVE-2020-14343", "runs code of a YAML file"),
    Advisory("jinja2", "3.1.6", "CVE-2025-27516", "lets a template out of its sandbox"),
    Advisory("starlette", "0.49.1", "CVE-2025-62727", "lets one request with many ranges take the processor"),
    Advisory("starlette", "1.0.1", "CVE-2026-48710", "takes an address from the Host header unchecked"),
    Advisory("h11", "0.16.0", "CVE-2025-43859", "reads a request otherwise than the proxy before it"),
    Advisory("urllib3", "2.6.0", "CVE-2025-66471", "lets a small compressed answer fill the memory"),
)
"""Not a scanner's list: what the libraries that leaderbench hands strangers' files and requests to are known for."""


def installed(package: str) -> str | None:
    """The version of a package that is installed, None where it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def known_holes(version_of: Callable[[str], str | None] = installed) -> Iterator[tuple[Advisory, str]]:
    """The advisories that the installed versions fall under, each with that version."""
    from packaging.version import InvalidVersion, Version

    for advisory in ADVISORIES:
        present = version_of(advisory.package)
        try:
            if present is not None and Version(present) < Version(advisory.mended_in):
                yield advisory, present
        except InvalidVersion:
            continue  # a build of one's own, of which nothing is known
