"""A labelled set of synthetic subjects against every criterion of the CD7 and CD123 studies.

Each row is one subject: the subject who meets everything (`trials.fit`), changed as told, judged at a gate on its
day, with the criteria that are *not* met and how: `-` not met, `?` unknown, `j` needs judgement. All others
must be met. The labels were written from the criteria, before the program was asked. Days: consent 21 January
2026, enrolment 26 January, lymphodepletion 25 February, infusion 2 March. `eligibility_charts.py` explains the words.
"""

from __future__ import annotations

from collections import Counter

import pytest

from courses import held_course
from eligibility_charts import STUDIES, told
from protocyte.derive.eligibility import judge_gate
from protocyte.study.eligibility import Gate
from trials import day, loaded

DAYS: dict[Gate, int] = {"enrolment": -35, "lymphodepletion": -5, "infusion": 0}

# study, gate, what is told, which criteria are not met
CD7_ENROLMENT = """
nothing to remark |  |
birthday on the day of consent: fifteen | birth 2011-01-21; consent guardian yes |
fifteen the day after consent | birth 2011-01-22; consent guardian yes | age-
fourteen, queried | birth 2011-06; consent guardian yes | age-
fifteen this month or not yet | birth 2011-01; consent guardian yes | age?
sixty-four on the last day | birth 1961-01-22 |
sixty-five on the day of consent | birth 1961-01-21 | age-
born in 1961, no month told | birth 1961 | age?
born in 1961 and told to be 64 | birth 1961 64 |
demographics never taken | no demographics | age?, consent?, kidney?
consent never signed | no consent | consent?
a minor consented for himself | birth 2009-05 | consent-
guardian without the minor's assent | birth 2009-05; consent guardian no | consent-
guardian, assent left blank | birth 2009-05; consent guardian ? | consent?
CD7 negative | antigen no | antigen-
flow cytometry not back | antigen ? | antigen?
no flow cytometry at all | no antigen | antigen?
lymphoma | disease diagnosis=DLBCL | diagnosis-
mixed phenotype | disease diagnosis=MPAL |
one induction without remission, never relapsed | disease inductions=1 relapses=0 refractory=no remission=? |
    relapsed_or_refractory-
two inductions without remission | disease inductions=2 relapses=0 remission=? |
first relapse after exactly six months | disease inductions=0 relapses=1 remission=6_mo refractory=no |
first relapse after seven months, salvage worked | disease inductions=0 relapses=1 remission=7_mo refractory=no |
    relapsed_or_refractory-
first relapse after seven months, salvage failed | disease inductions=0 relapses=1 remission=7_mo refractory=yes |
one relapse, nobody knows when | disease inductions=0 relapses=1 remission=? refractory=no |
    relapsed_or_refractory?
second relapse | disease inductions=0 relapses=2 remission=30_mo refractory=no |
earlier toxicity of grade 2 | exam prior_toxicity_grade 2 | prior_toxicity-
ECOG 3 | exam ecog 3 |
ECOG 4 | exam ecog 4 | performance-
expected to live exactly three months | exam expected_survival 3 mo |
expected to live ten weeks | exam expected_survival 10 wk | expected_survival-
ALT exactly 2.5 times the limit | lab alt 100 U/L uln 40 U/L |
ALT just above | lab alt 100.1 U/L uln 40 U/L | transaminases-
AST high, ALT blank | lab alt ?; lab ast 130 U/L uln 40 U/L | transaminases-
ALT blank, AST well | lab alt ? | transaminases?
ALT without the laboratory's limit | lab alt 50 U/L | transaminases?
bilirubin exactly 1.5 times the limit | lab bilirubin 25.65 umol/L uln 17.1 umol/L |
bilirubin in mg/dL, twice the limit | lab bilirubin 2 mg/dL uln 1 mg/dL | bilirubin-
the same with Gilbert's syndrome | lab bilirubin 2 mg/dL uln 1 mg/dL; hist gilbert present |
high bilirubin, Gilbert's never asked | lab bilirubin 40 umol/L uln 17.1 umol/L; nohist gilbert | bilirubin?
LVEF exactly 50 % | exam lvef 50 % |
LVEF 49.9 % | exam lvef 49.9 % | ejection_fraction-
echocardiogram not done | noexam lvef,pericardial_effusion | ejection_fraction?, pericardial_effusion?
LVEF reported as over 45 % | exam lvef >45 % | ejection_fraction?
LVEF reported as over 55 % | exam lvef >55 % |
two significant effusions | exam pericardial_effusion significant; exam pleural_effusion significant |
    pericardial_effusion-, pleural_effusion-
small effusions of no significance | exam pericardial_effusion not_significant; exam pleural_effusion not_significant |
electrocardiogram abnormal, significant | exam ecg abnormal_significant | electrocardiogram-
oxygen saturation exactly 92 % | exam spo2 92 % | oxygen-
oxygen saturation 92.5 % | exam spo2 92.5 % |
creatinine so high that clearance is below 60 | lab creatinine 200 umol/L | kidney-
creatinine 2.5 mg/dL | lab creatinine 2.5 mg/dL | kidney-
nobody weighed him | noexam weight | kidney?
pregnancy test positive | lab pregnancy_test positive | pregnancy_test-
pregnancy test not back | lab pregnancy_test ? | pregnancy_test?
no pregnancy test, cannot conceive | nolab pregnancy_test; fertile no |
no pregnancy test, a man | nolab pregnancy_test; sex male; fertile ? |
pregnant, says the history | hist pregnant_or_lactating present | pregnancy-
other malignancy three years ago to the day | hist other_malignancy past 2023-01-26 | malignancy-
other malignancy three years and a day ago | hist other_malignancy past 2023-01-25 |
other malignancy two and a half years ago | hist other_malignancy past 2023-07 | malignancy-
other malignancy last year | hist other_malignancy past 2025-03 | malignancy-, malignancy_in_2_years-
other malignancy, nobody knows when | hist other_malignancy past | malignancy?, malignancy_in_2_years?
other malignancy some time in 2023 | hist other_malignancy past 2023 | malignancy?
active infection | hist active_infection present | no_infection_or_gvhd-, infection-
infection suspected | hist active_infection suspected | no_infection_or_gvhd-, infection-
infection that was and is gone | hist active_infection present; hist active_infection absent |
infection never asked | nohist active_infection | no_infection_or_gvhd?, infection?
graft-versus-host disease | hist active_gvhd present | no_infection_or_gvhd-
HIV positive | lab hiv positive | hiv-
HIV test not back | lab hiv ? | hiv?
surface antigen positive | lab hbsag positive | hepatitis_b-
core antibody, DNA negative | lab hbcab positive |
core antibody, DNA positive | lab hbcab positive; lab hbv_dna positive | hepatitis_b-
core antibody, DNA not back | lab hbcab positive; lab hbv_dna ? | hepatitis_b?
core antibody never done, DNA positive | nolab hbcab; lab hbv_dna positive | hepatitis_b?
core antibody never done, DNA negative | nolab hbcab |
hepatitis C antibody, RNA negative | lab hcv_antibody positive |
hepatitis C antibody, RNA positive | lab hcv_antibody positive; lab hcv_rna positive | hepatitis_c-
hepatitis C antibody, RNA never done | lab hcv_antibody positive; nolab hcv_rna | hepatitis_c?
no antibody test, RNA negative | nolab hcv_antibody |
disease of the nervous system in the past | hist cns_disease past 2019 | cns_disease-
heart failure | hist heart_failure present | heart_disease-
NYHA III | exam nyha 3 | heart_disease-
NYHA II | exam nyha 2 |
infarction five months ago | hist myocardial_infarction past 2025-09-01 | heart_disease-, cardiac_event-
infarction seven months before screening | hist myocardial_infarction past 2025-06-21 | cardiac_event-
infarction thirteen months ago | hist myocardial_infarction past 2024-12 |
stent last summer | hist cardiac_event past 2025-08 | cardiac_event-
emergency expected | hist emergency_expected present | emergency-
thrombosis six months ago to the day | hist thrombosis past 2025-07-26 | thrombosis-
thrombosis six months and a day ago | hist thrombosis past 2025-07-25 |
thrombosis denied, then remembered | hist thrombosis absent; hist thrombosis past 2025-12-20 | thrombosis-
thrombosis told, then denied | hist thrombosis past 2025-12-20; hist thrombosis absent | thrombosis-
autoimmune disease last year | hist autoimmune_disease past 2025-05 | autoimmune-
immunodeficiency, allergy, another trial, no contraception |
    hist immunodeficiency,other_trial,contraception_refused present; hist hypersensitivity past 2020 |
    immunodeficiency-, hypersensitivity-, other_trial-, contraception-
nobody judged the other conditions | unjudged other_condition | other_conditionj
judged to be in danger | judged other_condition no | other_condition-
unlikely to comply | judged compliance no | compliance-
unlikely to comply, then likely | judged compliance no; judged compliance yes |
no laboratory at all | no labs |
    kidney?, transaminases?, bilirubin?, pregnancy_test?, hiv?, hepatitis_b?, hepatitis_c?
"""

CD7_LYMPHODEPLETION = """
nothing to remark |  |
systemic therapy two weeks before | therapy systemic 2026-02-11 |
systemic therapy thirteen days before, long half-life | therapy systemic 2026-02-12 10 d | systemic_washout-
ten days before, half-life of two days | therapy systemic 2026-02-15 2 d |
nine days before, half-life of two days | therapy systemic 2026-02-16 2 d | systemic_washout-
ten days before, half-life unknown | therapy systemic 2026-02-15 | systemic_washout?
one long ago, one last week | therapy systemic 2025-10 5 d; therapy systemic 2026-02-18 5 d |
    systemic_washout-
some time in February | therapy systemic 2026-02 20 d | systemic_washout-
checkpoint inhibitor 60 days ago, half-life 20 | therapy checkpoint 2025-12-27 20 d |
checkpoint inhibitor 59 days ago, half-life 20 | therapy checkpoint 2025-12-28 20 d | checkpoint_washout-
checkpoint inhibitor, half-life unknown | therapy checkpoint 2025-12-01 | checkpoint_washout?
no earlier therapy told, and nobody asked | nohist systemic_washout,checkpoint_washout |
    systemic_washout?, checkpoint_washout?
live vaccine six weeks before | therapy vaccine 2026-01-14 | vaccine-
live vaccine six weeks and a day before | therapy vaccine 2026-01-13 |
vaccines never asked | nohist live_vaccine | vaccine?
infection since enrolment | hist active_infection present | no_infection_or_gvhd-, infection-
worse since enrolment | exam ecog 4; lab alt 200 U/L uln 40 U/L; lab creatinine 250 umol/L |
    performance-, transaminases-, kidney-
pregnant since enrolment | lab pregnancy_test positive; hist pregnant_or_lactating present |
    pregnancy_test-, pregnancy-
"""

CD7_INFUSION = """
nothing to remark |  |
oxygen falls to 92 % | exam spo2 92 % | oxygen-
oxygen not measured | noexam spo2 | oxygen?
infection suspected | hist active_infection suspected | no_infection_or_gvhd-, infection-
"""

CD123_ENROLMENT = """
nothing to remark |  |
two years old on the day of consent | birth 2024-01-21; consent guardian; sex male |
not yet two | birth 2024-01-22; consent guardian | age-
seventy-five, nearly seventy-six | birth 1950-01-22 |
seventy-six on the day of consent | birth 1950-01-21 | age-
a child of ten without assent | birth 2015-06; consent guardian no | consent-
a child of ten, assent not noted | birth 2015-06; consent guardian | consent?
a child of six is not asked | birth 2019-06; consent guardian |
B-cell leukemia | disease diagnosis=B-ALL | diagnosis-
diagnosis blank | no disease | diagnosis?, relapsed_or_refractory?
one line, refractory, no relapse | disease lines=1 relapses=0 refractory=yes | relapsed_or_refractory-
two lines, refractory | disease lines=2 relapses=0 refractory=yes |
two relapses, lines unknown | disease lines=? relapses=2 refractory=? |
CD123 negative | antigen no | antigen-
KPS exactly 60 | exam kps 60 | performance-
KPS 70 | exam kps 70 |
KPS never noted | noexam kps | performance?
expected to live exactly three months | exam expected_survival 3 mo | expected_survival-
LVEF exactly 40 % | exam lvef 40 % |
LVEF 39 % | exam lvef 39 % | ejection_fraction-
ALT exactly five times the limit | lab alt 200 U/L uln 40 U/L | liver-
ALT just below | lab alt 199.9 U/L uln 40 U/L |
bilirubin exactly 34.2 umol/L | lab bilirubin 34.2 umol/L |
bilirubin 2.1 mg/dL | lab bilirubin 2.1 mg/dL | liver-
bilirubin below 50 umol/L, says the laboratory | lab bilirubin <50 umol/L | liver?
creatinine exactly 220 umol/L | lab creatinine 220 umol/L | kidney-
creatinine 2.4 mg/dL is 212 umol/L | lab creatinine 2.4 mg/dL |
creatinine not back | lab creatinine ? | kidney?
oxygen saturation exactly 92 % | exam spo2 92 % |
oxygen saturation 91.9 % | exam spo2 91.9 % | lung-
another malignancy ten years ago | hist other_malignancy past 2015 | malignancy-
mental disorder | hist mental_disorder present | mental_disorder-
organ transplant years ago | hist organ_transplant past 2012 | conflicting_illness-
autoimmune disease never asked | nohist autoimmune_disease | conflicting_illness?
infection | hist active_infection present | infection-
on glucocorticoids and a T-cell inhibitor | hist steroid_dependence,t_cell_inhibitor present |
    glucocorticoids-, t_cell_inhibitor-
chronic graft-versus-host disease | hist active_gvhd present | gvhd-
breast-feeding | hist pregnant_or_lactating present | pregnancy-
hepatitis C antibody, whatever the RNA | lab hcv_antibody positive | virology-
HIV not done, hepatitis C excluded | nolab hiv | virology?
HIV not done, hepatitis C positive | nolab hiv; lab hcv_antibody positive | virology-
nothing was judged | unjudged no_other_therapy,other_illness,compliance,not_suitable |
    no_other_therapyj, other_illnessj, compliancej, not_suitablej
other therapy is at hand | judged no_other_therapy no | no_other_therapy-
sex never noted | no demographics | sex?, age?, consent?
"""

CD123_LATER = """
nothing to remark |  |
no rescue graft planned | unjudged rescue_graft | rescue_graftj
liver and kidney since enrolment | lab alt 400 U/L uln 40 U/L; lab creatinine 300 umol/L | liver-, kidney-
infection since enrolment | hist active_infection suspected | infection-
"""

CD123_INFUSION = """
nothing to remark |  |
three reasons to wait | hist active_gvhd,steroid_dependence,t_cell_inhibitor present |
    gvhd-, glucocorticoids-, t_cell_inhibitor-
oxygen saturation 91 % | exam spo2 91 % | lung-
infection never asked | nohist active_infection | infection?
"""

SHEETS: tuple[tuple[str, Gate, str], ...] = (
    ("cd7", "enrolment", CD7_ENROLMENT),
    ("cd7", "lymphodepletion", CD7_LYMPHODEPLETION),
    ("cd7", "infusion", CD7_INFUSION),
    ("cd123", "enrolment", CD123_ENROLMENT),
    ("cd123", "lymphodepletion", CD123_LATER),
    ("cd123", "infusion", CD123_INFUSION),
)
_LABEL = {"-": "not_met", "?": "unknown", "j": "needs_judgement"}
ROWS = [
    (study, gate, *(cell.strip() for cell in line.split("|")))
    for study, gate, sheet in SHEETS
    for line in sheet.strip().replace("|\n   ", "|").splitlines()
]


def expected(study: str, gate: Gate, labels: str) -> dict[str, str]:
    criteria = loaded(STUDIES[study]).study.eligibility
    asked = {name: "met" for name, one in criteria.items() if gate in one.gates}
    for label in filter(None, map(str.strip, labels.split(","))):
        assert label[:-1] in asked, f"{label}: no such criterion at this gate"
        asked[label[:-1]] = _LABEL[label[-1]]
    return asked


@pytest.mark.parametrize(("study", "gate", "who", "text", "labels"), ROWS, ids=lambda value: str(value)[:60])
def test_the_labelled_subject_is_judged_as_labelled(
    study: str, gate: Gate, who: str, text: str, labels: str
) -> None:
    found = judge_gate(loaded(STUDIES[study]).study, held_course(told(study, text)), gate, day(DAYS[gate]))
    assert {one.criterion: one.answer for one in found.answers} == expected(study, gate, labels)
    assert found.open == (not labels)


def test_the_set_is_large_and_tries_each_criterion_both_ways() -> None:
    """Every criterion is met by somebody, and by somebody else not met (or, judged by people, open)."""
    assert len(ROWS) >= 60
    for study, name in STUDIES.items():
        failed = Counter(
            label.strip()[:-1]
            for s, _, _, _, labels in ROWS
            if s == study
            for label in labels.split(",")
            if label.strip()[-1:] in ("-", "j")
        )
        never = set(loaded(name).study.eligibility) - set(failed)
        assert never <= {"sex"}, never  # there is no third answer to it on the form
