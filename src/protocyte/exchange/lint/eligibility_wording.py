"""ELIG-01, what is there: criteria that can be read in two ways, or in none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from protocyte.base.problem import Severity
from protocyte.exchange.lint.finding import Finding, error, warning
from protocyte.exchange.lint.reading import Criterion, Record, pattern


class Wording(NamedTuple):
    """A defect seen in one line of a criterion: `found` there and `cleared` nowhere in the criterion."""

    rule: str
    severity: Severity
    found: re.Pattern[str]
    cleared: re.Pattern[str] | None = None
    kind: str = ""


_WINDOW = r"\d+\s*(?:hour|day|week|month|year)s?\b|\bhalf-?li|\bmg\b"
WORDINGS = (
    Wording("age.boundary", "error", pattern(
        r"\b(?:over|above|older\s+than"
        r"|more\s+than)\s+(?:the\s+age\s+of\s+)?\d{1,2}\s*(?:years?)?(?:\s+old)?[\s,;and]*\b(?:under|below"
        r"|younger\s+than|less\s+than)\s+\d{1,3}\s*years?")),
    Wording("criterion.negation_missing", "error", pattern(
        r"\b(?:confirm|show|reveal|indicat)\w*\s+(?!no\b|absence\b|without\b|the\s+absence\b|that\b)(?:a\s+"
        r"|the\s+)?(?:\w+\s+){0,2}?\w*(?:effusion|thromb\w+|infection|stenosis|tamponade)"),
        kind="inclusion"),
    Wording("disease.term_unknown", "error", pattern(
        r"\bpre-?hepatitis\b|\bcentropericard\w+|\bpre-?hepatic\s+infection")),
    Wording("drug_class.undefined", "error", pattern(
        r"\b(?:inhibitors?\s+of\s+T[\s-]?cells?|T[\s-]?cell\s+inhibitors?"
        r"|T[\s-]cell\s+suppress\w+)"), pattern(_WINDOW), "exclusion"),
    Wording("immunosuppression.undefined", "warning", pattern(r"\bimmunosuppress\w+\s+(?:drug|agent|therap"
        r"|treatment|medic)\w*"),
        pattern(_WINDOW), "exclusion"),
    Wording("criterion.uninterpretable", "error", pattern(
        r"\binconform\w+|\bnot\s+conform\w*\s+(?:to\s+)?criteria|\bcriteria\s+to\s+other\b"
        r"|\bthat\s+diagnosis\s+as\b")),
    Wording("glucocorticoid.undefined", "warning", pattern(r"\b(?:gluco)?corticosteroids?\b"
        r"|\bglucocorticoids?\b|\bsteroids?\b"),
        pattern(_WINDOW), "exclusion"),
    Wording("malignancy.window_missing", "warning", pattern(r"\b(?:history\s+of\s+)?(?:other|second"
        r"|concurrent)\s+malignan\w+"),
        pattern(rf"{_WINDOW}|\bin\s+situ|\bexcept|\bunless|\bcured|\bother\s+than"), "exclusion"),
    Wording("gvhd.wording", "warning", pattern(r"\bactive\s+or\s+chronic\s+(?:GVHD|graft)"
        r"|\bobvious\b[^.;]{0,60}(?:GVHD|graft[\s-]versus)")),
    Wording("criterion.not_operational", "warning", pattern(
        r"\bobvious\b|\bserious\s+(?:mental|illness)|\bgood\s+(?:organ\s+)?function\b|\bpoor\s+compliance"
        r"|\bsevere\s+(?:organ|disease)\b")),
    Wording("performance.threshold", "warning", pattern(r"\b(?:KPS|Karnofsky|Lansky)\b[^.;]{0,20}>\s*\d0\b")),
    # Karnofsky and Lansky end at 100, ECOG at 5.
    Wording("performance.impossible", "error", pattern(
        r"\b(?:KPS|Karnofsky|Lansky)\b[^.;\d]{0,25}(?:10[1-9]|1[1-9]\d|[2-9]\d\d)(?!\d)"
        r"|\bECOG\b[^.;\d]{0,25}(?:\d\s*(?:-|to|–)\s*)?[6-9]\b(?!\s*(?:month|week|day))"
        r"|\b[0-5]\s*(?:-|to|–)\s*[6-9]\b[^.;]{0,8}\bECOG")),
    Wording("performance.scale_name", "info", pattern(r"\bphysical\s+strength"
        r"|\bECOG\b[^.;]{0,12}\b0\s*-\s*3|\b0\s*-\s*3\b[^.;]{0,8}ECOG|≤\s*3\b[^.;]{0,8}ECOG")),
    Wording("criterion.tautology", "warning", pattern(r"^\W*(?:all|any|both)\s+(?:genders?|sex(?:es)?)\b"
        r"|^\W*(?:male\s+(?:or|and)\s+female|no\s+gender\s+limit)")),
    Wording("inclusion.exclusion_style", "warning", pattern(r"^\W*(?:\d+[.)]\s*)?(?:no|without"
        r"|absence\s+of)\b"), kind="inclusion"),
    Wording("relapse.boundary_overlap", "warning", pattern(
        r"\bwithin\s+(\d+)\s+months\b.{0,80}\b\1\s+months\s+after|\brelapse\w*\s+more\s+than\s+once")),
    Wording("gilbert.no_limit", "warning", pattern(r"\bGilbert"), pattern(r"\bGilbert[^.;]{0,80}(?:\d\s*[×x]"
        r"|[≤<]\s*\d)|\bdirect\s+bilirubin")),
    Wording("ejection_fraction.low", "warning", pattern(
        r"\b(?:ejection\s+fraction|LVEF)\b[^.;]{0,25}[≥>]=?\s*(?:[1-3]\d|4[0-4])\s*%")),
    Wording("nyha.wording", "warning", pattern(r"\bgrade\s+(?:3|III)\b.{0,140}\b(?:NYHA|New\s+York\s+Heart)")),
    Wording("pregnancy.menopause", "info", pattern(r"\b(?:[2-9]|two"
        r"|three)\s+years\s+after\s+(?:the\s+)?menopause|\bpostmenopausal\s+for\s+(?:at\s+least\s+)?[2-9]")),
    Wording("hiv.known_only", "info", pattern(r"\bknown\s+(?:human\s+immunodef|HIV\b)")),
    Wording("treatment.emergency_vague", "info", pattern(r"\bemergency\s+treatment\b")),
    Wording("window.redundant", "info", pattern(r"\bwithin\s*[≤<]")),
)  # fmt: skip
_ITEM = re.compile(r"(?:^|[\s;:,])(?:\(?\d{1,2}[).]|[a-h]\)|[①-⑨])\s*")
_ANY_RELAPSE = pattern(
    r"\W*(?:recurren\w+|relaps\w+)(?:\s+or\s+(?:recurren\w+|relaps\w+))?(?:\s+(?:patients?|disease|cases?"
    r"|subjects?|leuk[ae]*mia|AML|ALL))?\W*"
)
_RELAPSE = pattern(r"\brelaps\w+|\brecurren\w+")
_RR_TITLE = pattern(r"\bR\s*/\s*R\b|\brelaps\w*|\brefractory")
_RISK_OR = pattern(
    r"\bhigh[\s-]?risks?\b[^.;]{0,25}(?:,|\bor\b|/)[^.;]{0,25}\b(?:relaps|refract)\w*|\b(?:relaps"
    r"|refract)\w*[^.;]{0,30}\bor\b[^.;]{0,20}\bhigh[\s-]?risk"
)
_AUTOIMMUNE = pattern(r"\bautoimmun\w+")
_MALIGNANT = pattern(r"\bmalignan\w+")


def wording_is_clear(record: Record) -> Iterator[Finding]:
    for item in record.criteria:
        for wording in WORDINGS:
            if wording.kind and item.kind != wording.kind:
                continue
            said = next((one for one in item.lines if wording.found.search(one.text)), None)
            if said is None or (wording.cleared and wording.cleared.search(item.text)):
                continue
            found = wording.found.search(said.text)
            text = found.group()[:60] if found else ""
            yield Finding(f"ELIG-01.{wording.rule}", wording.severity, said, {"text": text})


def alternatives_differ(record: Record) -> Iterator[Finding]:
    """Among alternatives, one that any relapse satisfies makes the others idle."""
    for item in record.criteria:
        pieces = [piece for said in item.lines for piece in _ITEM.split(said.text)]
        relapses = [piece for piece in pieces if _RELAPSE.search(piece)]
        idle = [piece for piece in relapses if _ANY_RELAPSE.fullmatch(piece)]
        if idle and len(relapses) > 1:
            at = next((said for said in item.lines if idle[0].strip() in said.text), item.at)
            yield error("ELIG-01.eligibility.categories_overlap", at, text=idle[0].strip(" .;"))


def population_is_one(record: Record) -> Iterator[Finding]:
    """A study of relapsed or refractory disease whose criterion also admits high risk in its place."""
    if not any(_RR_TITLE.search(said.text) for said in record.heads):
        return
    for item in record.criteria:
        if item.kind == "inclusion" and _RISK_OR.search(item.text) and not _uninterpretable(item):
            yield error("ELIG-01.eligibility.population_widened", item.where(_RISK_OR))


def _uninterpretable(item: Criterion) -> bool:
    return any(
        wording.found.search(item.text) for wording in WORDINGS if wording.rule == "criterion.uninterpretable"
    )


def criteria_are_single(record: Record) -> Iterator[Finding]:
    for item in record.criteria:
        if item.kind == "exclusion" and _MALIGNANT.search(item.text) and _AUTOIMMUNE.search(item.text):
            yield warning("ELIG-01.criterion.compound", item.where(_AUTOIMMUNE))


DETECTORS = (wording_is_clear, alternatives_differ, population_is_one, criteria_are_single)
