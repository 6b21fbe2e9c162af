"""Names of models as a reader wants them: short where that is enough to tell them apart."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Folders by their last part and bundled models without their prefix, wherever that is still unique."""
    known = list(names)
    last = {name: PurePath(name).name.removeprefix("bundled:") if is_local(name) else name for name in known}
    count = Counter(last.values())
    return {name: last[name] if count[last[name]] == 1 else name for name in known}


def is_local(name: str) -> bool:
    """Whether a model's name is a folder or a bundled one, not a Hub id."""
    return name.startswith(("/", ".", "~", "bundled:")) or name.count("/") > 1
