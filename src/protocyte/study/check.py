"""Checks of a whole study."""

from __future__ import annotations

from collections.abc import Iterable

from protocyte.base import Problem
from protocyte.study.document import Document
from protocyte.study.model import Study


def check_study(study: Study, document: Document) -> Iterable[Problem]:
    return ()
