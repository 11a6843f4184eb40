"""ELIG-01, what is not there: criteria a trial of engineered cells in leukemia cannot do without."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.exchange.lint.features import CELLS, LEUKEMIA, crossed_ages, population, youngest
from protocyte.exchange.lint.finding import Finding, error, warning
from protocyte.exchange.lint.reading import Record, pattern

_RR = pattern(
    r"\brelaps\w*[^.]{0,20}\brefractory|\brefractory[^.]{0,20}\brelaps\w*|\bR\s*/\s*R\b"
    r"|\brecurrent[^.]{0,15}\brefractory"
)
_RR_SPELLED = pattern(r"\brelaps\w*[^.]{0,20}\brefractory|\brefractory[^.]{0,20}\brelaps\w*")
_RR_DEFINED = pattern(
    r"\b(?:refractory|relapse\w*)\b[^.]{0,40}\b(?:defin|means|is)\w*\b|\bdefinition\s+of\b"
    r"|\bfail\w*\b[^.]{0,60}\b(?:course|cycle|line|"
    r"induction|regimen)|\b\d\s+(?:or\s+more\s+)?(?:courses?|cycles?|lines?)\b|\b(?:two|one"
    r"|three)\s+(?:courses?|cycles?|lines?)\b"
    r"|\bnot\s+achiev\w+|\bdid\s+not\s+(?:achieve|respond)|\brelaps\w+\b[^.]{0,40}\bwithin\s+\d+\s+months"
    r"|\bpersistent\s+disease|\b(?:not|no)\s+(?:obtain|reach)\w*\s+(?:a\s+)?(?:CR|complete)"
)
_CONSENT = pattern(
    r"\b(?:sign\w*|obtain\w*|provid\w*|give\w*|voluntar\w*|written|understand)\b[^.;]{0,60}\bconsent"
    r"|\bconsent\b[^.;]{0,60}"
    r"\b(?:sign|obtain|provid)\w*|\binformed\s+consent"
)
_CONTRACEPTION = pattern(r"\bcontracept\w*|\bbirth\s+control|\bpregnan\w*\s+prevention")
_MINORS = pattern(r"\bassent\b|\bguardian|\bparent|\blegal(?:ly)?\s+(?:authori[sz]ed\s+)?representative")
_PREGNANT = pattern(r"\bpregnan\w+|\blactating|\bbreast")
_CNS = pattern(r"\bCNS[\s-]?(?:\d|leuk|involve|L\b|disease\s+(?:status|[123]))"
    r"|\bcentral\s+nervous\s+system\s+(?:leuk|involve)"
    r"|\bmeningeal|\bextramedullary\b")  # fmt: skip
_CNS_WORDS = pattern(r"\bCNS\b|\bcentral\s+nervous\b|\bseizure")
_PRIOR_CELLS = pattern(r"\b(?:prior|previous\w*|received|history\s+of)\b[^.;]{0,60}\b(?:CAR\b|CAR[\s-]?T"
    r"|gene(?:tically)?[\s-]|cell\s+therap|adoptive)"
    r"|\bCAR[\s-]?T\b[^.;]{0,60}\b(?:prior|previous\w*|before)")  # fmt: skip
_TRIALS = pattern(r"\bclinical\s+(?:trial|stud|experiment|research)\w*|\binvestigational")
_VIROLOGY = pattern(r"\bHIV\b|\bhuman\s+immunodeficiency|\bhepatitis|\bHBV\b|\bHCV\b|\bHBsAg\b")
_INVESTIGATOR = pattern(
    r"\b(?:unsuitable|not\s+suitable|inappropriate)\b[^.;]{0,40}\b(?:investigator|researcher|physician)|"
    r"\b(?:investigator|researcher|physician)s?\b[^.;]{0,80}\b(?:not\s+suitable|unsuitable|inappropriate"
    r"|not\s+appropriate|"
    r"regard|consider|judge|deem|opinion)|\b(?:any|other)\b[^.;]{0,30}\b(?:condition|situation"
    r"|disease)s?\b[^.;]{0,60}\binvestigator"
)
_ADULT = 18


def criteria_are_listed(record: Record) -> Iterator[Finding]:
    if not record.criteria and record.says(CELLS):
        yield error("ELIG-01.eligibility.missing", population(record))


def relapsed_and_refractory_are_defined(record: Record) -> Iterator[Finding]:
    named = record.find(_RR_SPELLED, record.prose) or record.find(_RR)
    if named is None or not record.says(CELLS) or not LEUKEMIA.search(record.text):
        return
    stated = [said for item in record.criteria for said in item.lines] or list(record.prose)
    if not record.find(_RR_DEFINED, stated):
        yield error("ELIG-01.disease.rr_definition_missing", named)


def consent_is_a_criterion(record: Record) -> Iterator[Finding]:
    if not record.criteria or not record.says(CELLS):
        return
    included = [item for item in record.criteria if item.kind != "exclusion"]
    consent = next(
        (i for i in included if _CONSENT.search(i.text) and not _CONTRACEPTION.search(i.text)), None
    )
    if consent is None:
        if included:
            yield error("ELIG-01.consent.missing", included[0].at)
        return
    age = youngest(record)
    if age is not None and age[0] < _ADULT and not record.says(_MINORS):
        yield warning("ELIG-01.consent.minors", consent.at, age=age[0])


def ages_are_a_span(record: Record) -> Iterator[Finding]:
    if crossed := crossed_ages(record):
        yield error("ELIG-01.age.crossed", crossed[0], text=crossed[1])


def children_have_rules(record: Record) -> Iterator[Finding]:
    age = youngest(record)
    if age is None or age[0] >= _ADULT:
        return
    low, said = age
    if record.says(pattern(r"\bCockcroft")) and not record.says(pattern(r"\bSchwartz")):
        yield warning("ELIG-01.age.paediatric_formula", said, age=low)
    elif low < 12 and not record.says(_MINORS):
        yield warning("ELIG-01.age.paediatric", said, age=low)


def fertility_is_ruled(record: Record) -> Iterator[Finding]:
    pregnant = record.criterion(_PREGNANT)
    if pregnant is not None and not record.says(_CONTRACEPTION):
        yield warning("ELIG-01.contraception.missing", pregnant.where(_PREGNANT))


def cns_and_prior_cells_are_ruled(record: Record) -> Iterator[Finding]:
    if not record.criteria or not record.diseases or not record.says(CELLS):
        return
    criteria = [said for item in record.criteria for said in item.lines]
    last = record.criteria[-1].at
    if not record.find(_CNS, criteria):
        yield warning("ELIG-01.cns.leukemia_missing", record.find(_CNS_WORDS, criteria) or last)
    if not record.find(_PRIOR_CELLS, criteria):
        yield warning("ELIG-01.prior_therapy.cells_missing", record.find(_TRIALS, criteria) or last)


def viruses_have_their_own_criteria(record: Record) -> Iterator[Finding]:
    """A virus named as an example of what an investigator may dislike is no testable criterion."""
    if not record.criteria:
        return
    naming = [item for item in record.criteria if _VIROLOGY.search(item.text)]
    if not naming:
        if record.says(CELLS):
            yield warning("ELIG-01.virology.missing", record.criteria[-1].at)
    elif all(_INVESTIGATOR.search(item.text) for item in naming):
        yield error("ELIG-01.virology.in_catchall", naming[0].where(_VIROLOGY))


DETECTORS = (
    criteria_are_listed,
    relapsed_and_refractory_are_defined,
    consent_is_a_criterion,
    ages_are_a_span,
    children_have_rules,
    fertility_is_ruled,
    cns_and_prior_cells_are_ruled,
    viruses_have_their_own_criteria,
)
