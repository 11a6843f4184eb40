"""Canonical JSON: one text, and so one digest, for one value.

Keys sorted, no white space, UTF-8, and only strings, integers, booleans, lists and maps: a float's last
digit differs between processors, and `null` says nothing that absence does not say.
"""

from __future__ import annotations

import hashlib
import json
from typing import TypeAlias

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json]"


def canonical_bytes(value: Json) -> bytes:
    """The one byte string that stands for `value`. Raises `TypeError` for a float or None inside it."""
    _check(value, "$")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(value: Json) -> str:
    """SHA-256 of the canonical bytes, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _check(value: object, path: str) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{path}: a key must be text, not {key!r}")
            _check(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]")
    elif not isinstance(value, (str, int)):  # bool is an int
        raise TypeError(f"{path}: {value!r} has no canonical form; use text, integers, lists and maps")
