"""Credentials in what others wrote: they are taken out before anything is stored, and before anything is served.

A key such as `api_key` stays, and its value becomes a fixed mark. So does any text that has the form of a well-known
token, and the user and password in an address.
"""

import re
from collections.abc import Mapping
from typing import Any

from leaderbench.records import Json

MARK = "[redacted]"
"""What stands in the place of a credential."""

_secret_key = re.compile(
    r"(?:.*[_.-])?(?:token|secrets?|passwords?|passwd|passphrase|pwd|credentials?|cookies?|api_?keys|apikey"
    r"|key|(?:access_)?key_id|auth|signature|sig)"
    r"|auth(?:entication|orization|[_.-][\w.-]*)|.*authorization|bearer|pass"
    r"|\w*(?:apikey|accesskey|secretkey|privatekey|authtoken|password)",
    re.IGNORECASE,
)
_harmless_key = re.compile(
    r"key|(?:.*[_-])?(?:bos|eos|pad|unk|cls|sep|mask|prefix|image|audio|video|special|decoder_start|end|start|stop|first"
    r"|last|think|think_end|sort|doc|label|target|choice|answer|question|group|primary|dict|json|cache|metric|task|reward)"
    r"[_-](?:token|key)",
    re.IGNORECASE,
)
"""Tokens that a text is made of, and keys under which values lie."""

_holders = re.compile(r"(?:\w*_)?(?:headers?|cookies?|auth)", re.IGNORECASE)
"""Names of objects all of whose values may be credentials."""

_plain = re.compile(r"\s*(?:true|false|none|null|yes|.{0,2}|\{.*|<.*>|\[[A-Za-z_]+\])\s*", re.IGNORECASE | re.DOTALL)
"""Values that are no credentials, whatever they are called: too short, or a token that a text is made of."""

_strong_key = re.compile(
    r"(?:.*[_.-])?(?:api_?keys?|secrets?|passwords?|credentials?|(?:access|auth|hf|private|secret)_(?:tokens?|keys?))"
)
"""Under these an object or a list has nothing but credentials."""

_key_alone = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}")
"""The value of `key` where it is one that is used, not looked up: long, and without any word."""

_words_of = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|\s+")

_tokens = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      hf_(?=[A-Za-z0-9]{0,200}[0-9A-Z])[A-Za-z0-9]{8,}
    | (?<!/)(?:sk|pk|rk)-(?=[\w-]{0,60}\d)[\w-]{8,}
    | sk-[A-Za-z0-9]{20,} | (?:sk|pk|rk)_(?:live|test)_\w{8,} | sk-(?:proj|ant|or)-[\w-]{8,}
    | gh[opsru]_\w{8,} | github_pat_\w{8,} | glpat-[\w-]{8,} | xox[abeprs]-[\w-]{8,} | hooks\.slack\.com/services/\S+
    | (?:AKIA|ASIA)[0-9A-Z]{8,} | AIza[\w-]{20,} | ya29\.[\w-]{8,}
    | dop_v1_\w{16,} | SG\.[\w-]{16,}\.[\w-]{16,} | tvly-[\w-]{12,} | tgp_v1_[\w-]{16,} | fw_\w{16,} | csk-\w{16,}
    | gsk_\w{16,} | nvapi-[\w-]{8,} | xai-\w{16,} | pplx-\w{16,} | r8_\w{16,} | npm_\w{20,} | pypi-[\w-]{16,}
    | eyJ[\w-]{8,150}\.[\w-]{8,}(?:\.[\w-]+)?
    )|-----BEGIN\ [A-Z ]{0,40}PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]{0,40}PRIVATE\ KEY-----|\Z)""",
    re.VERBOSE | re.DOTALL,
)
_bearer = re.compile(
    r"\b(Bearer\s{1,3})(?=[\w.~+/=-]{0,200}\d)(?=[\w.~+/=-]{0,200}[A-Za-z])[\w.~+/=-]{8,}", re.IGNORECASE
)
_user = re.compile(r"(://)[^\s/?#@\"'<>]+(?=@)")
_query = re.compile(
    r"([?&;](?:[\w-]{0,40}(?:sig|signature|api_?key|token|secret|password|credential|auth))=)[^&;\s#\"'<>]{4,}",
    re.IGNORECASE,
)
_user_option = re.compile(r"((?<!\S)(?:-u|--user|--proxy-user)[= ]\s{0,3}[\"']?)[^\s:\"']+:[^\s\"']+")
_value = r"""("[^"]{0,4000}"|'[^']{0,4000}'|(?:Bearer|Basic|Token)\s{1,3}[^\s,;&"']+|[^\s,;&"']+)"""
_words = r"(?:token|secret|passw|passphrase|pwd|credential|cookie|key|auth|bearer)"
_pair = re.compile(
    rf"""(?<![\w.-])([\w.-]{{0,48}}{_words}[\w-]{{0,16}})(["']?\s{{0,3}}[=:](?!//)\s{{0,3}}){_value}""", re.IGNORECASE
)
_option = re.compile(rf"(?<!\S)(--?[\w-]{{0,48}}{_words}[\w-]{{0,16}})(\s{{1,3}}){_value}", re.IGNORECASE)

_signs = (
    *("hf_", "k-", "k_", "gh", "glpat", "xox", "hooks.slack", "AKIA", "ASIA", "AIza", "ya29", "nvapi", "xai-", "pplx"),
    *("r8_", "npm_", "pypi-", "eyJ", "PRIVATE KEY", "earer", "EARER", "://", "dop_v1", "SG."),
    *("tvly-", "tgp_v1_", "fw_"),
)
"""One of these stands in every text in which something of a well-known form may be."""


def without_tokens(text: str) -> str:
    """A text without what has the form of a credential, wherever it stands: fit for prompts, names and addresses."""
    if not any(sign in text for sign in _signs):
        return text
    if "://" in text:
        text = _query.sub(rf"\1{MARK}", _user.sub(rf"\1{MARK}", text))
    return _tokens.sub(MARK, _bearer.sub(rf"\1{MARK}", text))


def without_secrets(text: str) -> str:
    """The same without the values of `token=…` and the like: fit for arguments and commands."""
    for pattern, sign in ((_pair, "="), (_pair, ":"), (_option, "--")):
        if sign in text:
            text = pattern.sub(_without_value, text)
    return without_tokens(_user_option.sub(rf"\1{MARK}", text) if "-u" in text else text)


def _without_value(match: re.Match[str]) -> str:
    key, sign, value = match.groups()
    bare = value.strip("\"'")
    if not is_secret(key.lstrip("-"), bare) or value.startswith(("//", "-")):
        return match[0]
    return f"{key}{sign}{value.replace(bare, MARK)}"


def is_secret(key: str, value: object) -> bool:
    """Whether what stands under this key is a credential."""
    if not isinstance(value, str | int) or isinstance(value, bool) or _plain.fullmatch(str(value)):
        return False
    key = _plain_key(key)
    if key == "key":
        return bool(_key_alone.fullmatch(str(value)))
    if key == "pass" and not isinstance(value, str):
        return False
    return bool(_secret_key.fullmatch(key)) and not _harmless_key.fullmatch(key)


def _plain_key(key: str) -> str:
    """A key in small letters, its words with `_` between them: `clientSecret` is `client_secret`."""
    return _words_of.sub("_", key[:100].strip()).lower()


def redacted(value: Any, key: str = "") -> Any:
    """A JSON value without credentials; `key` is the key under which it stands."""
    if isinstance(value, str | int):
        return MARK if is_secret(key, value) else without_secrets(value) if isinstance(value, str) else value
    if isinstance(value, Mapping | list) and _strong_key.fullmatch(_plain_key(key)):
        return _held(value)
    if isinstance(value, Mapping):
        if _holders.fullmatch(key[:100]):
            return _held(value)
        named = next((value[name] for name in ("name", "key") if isinstance(value.get(name), str)), "")
        return {
            without_tokens(str(name)): redacted(item, named if name == "value" and named else str(name))
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        # `["--token", "…"]`: the option before a value is its key
        before = ["", *(item if isinstance(item, str) and item.startswith("-") else "" for item in value)]
        return [redacted(item, option.lstrip("-") or key) for item, option in zip(value, before, strict=False)]
    return value


def _held(value: Any) -> Json:
    if isinstance(value, Mapping):
        return {str(name): _held(item) for name, item in value.items()}
    return [_held(item) for item in value] if isinstance(value, list) else MARK if isinstance(value, str) else value


def marks(value: Any) -> int:
    """How many values of a JSON value were redacted."""
    if isinstance(value, str):
        return value.count(MARK)
    if isinstance(value, Mapping):
        return sum(map(marks, value.values()))
    return sum(map(marks, value)) if isinstance(value, list | tuple) else 0
