"""Published response criteria as rule text: one data file a version, best category first.

Thresholds are facts of the cited tables; the sentences are ours. A category's rule is read in order and
the first one met is the response. What the recorded forms cannot show is listed in `left_out`, and what was
written from memory in `recalled`, so that nobody mistakes either for the published text.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from protocyte.base import Frozen
from protocyte.vocab.unusable import unusable


class ResponseSet(Frozen):
    """`categories` maps a label to its rule; `otherwise` is the label when none is met.

    Without `adequate` every marrow can be judged; with it, one that does not meet it is not evaluable.
    """

    id: str
    version: str
    title: dict[str, str]
    source: str
    categories: dict[str, str]
    otherwise: str
    adequate: str | None = None
    notes: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


RESPONSE_SETS = ("aml-iwg2003", "aml-eln2017", "aml-eln2022", "aml-nccn", "all-nccn", "cmml-mdsmpn2015")


@cache
def response_set(name: str) -> ResponseSet:
    """The shipped criteria called `name`. Raises `InputError` for a name no set has."""
    if name not in RESPONSE_SETS:
        raise unusable("not-one-of", name="response criteria", given=repr(name), known=RESPONSE_SETS)
    file = resources.files("protocyte").joinpath("vocab", "response", f"{name}.toml")
    return ResponseSet.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
