"""Which endpoint an outcome's words name. The measure decides; only where it names none, the description."""

from __future__ import annotations

import re
from typing import NamedTuple


class EndpointName(NamedTuple):
    slug: str
    kind: str
    pattern: re.Pattern[str]


def _name(slug: str, kind: str, pattern: str) -> EndpointName:
    return EndpointName(slug, kind, re.compile(pattern, re.IGNORECASE))


NAMES = (
    _name("dlt", "incidence", r"dose[\s-]limiting\s+tox\w+|\bDLTs?\b"),
    _name("sae", "incidence", r"\bserious\s+adverse\s+(?:events?|reactions?)|\bSAEs?\b"),
    _name("ae", "incidence", r"(?<!serious )\badverse\s+(?:events?|reactions?)|\b(?:TE)?AEs?\b"),
    _name("crs", "incidence", r"\bcytokine[\s-]release\s+syndrome|\bCRS\b"),
    _name("icans", "incidence", r"\bimmune\s+(?:effector\s+)?cell[\s-]associated\s+neurotoxicity|\bICANS\b"),
    _name("gvhd", "incidence", r"\bgraft[\s-]versus[\s-]host|\bGVHD\b"),
    _name("second-malignancy", "incidence", r"\bsecond(?:ary)?\s+(?:malignanc\w+|tumou?rs?|cancers?)"),
    _name("ada", "incidence", r"\banti-?drug\s+antibod\w+|\bADA\b"),
    _name("orr", "response_rate", r"\b(?:overall|objective|total)\s+remission\s+rate|\bORR\b|\bresponse\s+rate"),
    _name("cr", "response_rate", r"\bcomplete\s+(?:remission|response)|\bCR(?:\s+rate|\b)"),
    _name("dor", "time_to_event", r"\bduration\s+of\s+(?:\w+\s+)?(?:response|remission)|\bDO[RC]R?\b"),
    _name("os", "time_to_event", r"\boverall\s+survival|\bOS\b"),
    _name("efs", "time_to_event", r"\bevent[\s-]free\s+(?:survival|lifetime)|\bEFS\b"),
    _name("rfs", "time_to_event", r"\b(?:relapse|recurrence|leuk[ae]*mia|disease)[\s-]free\s+survival"
        r"|\b(?:RFS|LFS|DFS)\b"),
    _name("pfs", "time_to_event", r"\bprogress(?:ion)?[\s-]free\s+survival|\bPFS\b"),
    _name("cir", "time_to_event", r"\bcumulative\s+incidence\s+of\s+relapse|\bCIR\b"),
    _name("kinetics", "kinetics", r"\bpersistence\b|\bcellular\s+kinetics|\bpharmacokinetic\w*|\b(?:expansion"
        r"|proliferation)\s+of\b.{0,30}\bcells|\bcopies\b|\bPK\b"),
)  # fmt: skip
_RELATED = re.compile(r"\b(?:treatment|therapy|drug|product)[\s-]*related\b|\brelated\s+to\b", re.IGNORECASE)
_ALL = re.compile(r"\ball\s+(?:of\s+the\s+)?adverse\s+events", re.IGNORECASE)


class Named(NamedTuple):
    name: EndpointName
    text: str  # the words by which it was recognised


def endpoints_named(measure: str, description: str) -> tuple[Named, ...]:
    """One endpoint of the measure; else one of the description, or all of them if they are all counts of events."""
    found = _found(measure)
    if found:
        return (found[0],)
    found = _found(description)
    if found and all(one.name.kind == "incidence" for one in found):
        return tuple(found)
    return tuple(found[:1])


def relatedness(measure: str, description: str) -> str:
    """`ae`, `related_ae`, or `unclear` where the measure counts related events and the description all."""
    related = _RELATED.search(measure)
    if related and _ALL.search(description):
        return "unclear"
    return "related_ae" if related else "ae"


def _found(text: str) -> list[Named]:
    hits = sorted(
        (
            (match.start(), order, Named(name, match.group()))
            for order, name in enumerate(NAMES)
            if (match := name.pattern.search(text))
        ),
        key=lambda hit: hit[:2],
    )
    return [named for _, _, named in hits]
