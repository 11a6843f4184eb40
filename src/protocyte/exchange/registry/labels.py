"""The words by which register pages label their fields, in English and Chinese, and what follows each.

`value`: one value on this or the next line. `list`: lines until the next label. `prose`: running text.
`section`: a heading only.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Label(NamedTuple):
    name: str
    follows: str


def _table(follows: str, **names: str) -> dict[str, Label]:
    return {word: Label(name, follows) for name, words in names.items() for word in words.split("|")}


LABELS: dict[str, Label] = {
    **_table(
        "value",
        registry="registration number|nct number|nct id|registry number|trial id|注册号",
        title="title|brief title|study title|public title|注册题目",
        official_title="official title|scientific title|研究课题的正式科学名称",
        sponsor="lead sponsor|sponsor|primary sponsor|申办者|研究实施负责（组长）单位",
        status="status|recruitment status|overall status|study status|征募研究对象情况",
        sex="sex|gender|sexes eligible for study|性别",
        enrollment="target recruitment|enrollment|enrolment|sample size|target sample size|样本量",
        phase="phase|study phase|phases|研究所处阶段",
        study_type="study type|研究类型",
        allocation="allocation",
        purpose="purpose|primary purpose",
        masking="masking|blinding|盲法",
        model="study design|intervention model|研究设计",
        min_age="minimum age",
        max_age="maximum age",
        age="age|ages|ages eligible for study",
    ),
    **_table(
        "list",
        condition="conditions|condition|health condition|目标疾病|研究疾病",
        intervention="interventions|intervention|干预措施",
    ),
    **_table(
        "prose",
        summary="brief summary|summary|study objectives|研究目的",
        description="detailed description|description",
        arm="arm && interventions|arms and interventions|arms & interventions|arm",
    ),
    **_table(
        "section",
        eligibility="recruitment & eligibility|eligibility|eligibility criteria",
        inclusion="inclusion criteria|inclusion|key inclusion criteria|纳入标准",
        exclusion="exclusion criteria|exclusion|key exclusion criteria|排除标准",
        design="study & design",
        primary="primary outcome measures|primary outcomes|primary outcome|primary endpoint|主要指标",
        secondary="secondary outcome measures|secondary outcomes|secondary outcome|次要指标",
        other="other outcome measures|other outcomes",
        locations="trial locations|locations|location",
    ),
}
_COUNTED = re.compile(r"\s*[(（]\d+[)）]$")
_INLINE = re.compile(r"(?:-\s+)?(?P<label>[^\W\d][\w &/（）-]{2,40})\s*[:：]\s*(?P<value>\S.*)")


def label_of(text: str) -> Label | None:
    """The label a whole line is, with or without a leading dash, a colon or a count in parentheses."""
    if len(text) > 60:
        return None
    word = _COUNTED.sub("", text.strip().removeprefix("-").strip().rstrip(":：")).strip().lower()
    return LABELS.get(word)


def inline_label(text: str) -> tuple[Label, int] | None:
    """A known label and its value on one line: `Phase: 1`. Also says where the value starts."""
    found = _INLINE.fullmatch(text)
    label = LABELS.get(found["label"].strip().lower()) if found else None
    return (label, found.start("value")) if found and label else None


STATUS_WORDS = (
    "active_not_recruiting",
    "active, not recruiting",
    "not_yet_recruiting",
    "not yet recruiting",
    "enrolling_by_invitation",
    "enrolling by invitation",
    "recruiting",
    "completed",
    "terminated",
    "suspended",
    "withdrawn",
    "unknown",
)
FURNITURE = re.compile(
    r"medpath|©.*|copyright\b.*|this platform is for informational purposes.*"
    r"|group\s*intervention\s*description",
    re.IGNORECASE,
)
PHASE_LINE = re.compile(
    r"(?:early\s+)?phase\s*[\dIVX]+[ab]?(?:\s*[/|]\s*(?:phase\s*)?[\dIVX]+[ab]?)?", re.IGNORECASE
)
