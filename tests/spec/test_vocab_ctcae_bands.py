"""The printed bands of CTCAE, typed from NCI's tables: each bound and the first value beyond it, both systems of units.

A value on a bound belongs to the milder grade as printed ("<8.0 - 7.0" holds 7.0), except where the text says so.
"""

# ruff: noqa: E501 (a band reads best on one line)
from __future__ import annotations

from typing import Any

import pytest

from protocyte.vocab.ctcae import VERSIONS
from protocyte.vocab.grading import grade

ALL = " ".join(VERSIONS)
ALT, AST = "Alanine aminotransferase increased", "Aspartate aminotransferase increased"
CORRECTED, IONIZED = {"sub_test": "corrected calcium"}, {"sub_test": "ionized calcium"}
QTC = "Electrocardiogram QT corrected interval prolonged"
NO_SYMPTOMS = {"clinical_condition": "asymptomatic"}

# versions, term, unit, what else is known, value:grade ...
BANDS: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("4.03 5.0", "Neutrophil count decreased", "10^9/L", {"lln": 1.8}, "1.8:0 1.79:1 1.5:1 1.49:2 1:2 0.99:3 0.5:3 0.49:4"),
    ("6.0", "Neutrophil count decreased", "10^9/L", {"lln": 1.8}, "1.5:0 1.49:1 1:1 0.99:2 0.5:2 0.49:3 0.1:3 0.09:4"),
    ("4.03 5.0", "Platelet count decreased", "10^9/L", {"lln": 150}, "150:0 149:1 75:1 74:2 50:2 49:3 25:3 24:4"),
    ("4.03 5.0", "Platelet count decreased", "/mm3", {"lln": 150000}, "75000:1 74999:2 50000:2 25000:3 24999:4"),
    ("6.0", "Thrombocytopenia", "10^9/L", {"lln": 150}, "150:0 75:1 74:2 50:2 49:3 10:3 9.9:4"),
    ("4.03 5.0", "Lymphocyte count decreased", "10^9/L", {"lln": 1}, "0.8:1 0.79:2 0.5:2 0.49:3 0.2:3 0.19:4"),
    (ALL, "White blood cell decreased", "10^9/L", {"lln": 4}, "4:0 3:1 2.9:2 2:2 1.9:3 1:3 0.9:4"),
    (ALL, "CD4 lymphocytes decreased", "/uL", {"lln": 400}, "399:2 200:2 199:3 50:3 49:4"),
    (ALL, "Anemia", "g/L", {"lln": 115}, "115:0 114:1 100:1 99:2 80:2 79:3 20:3"),
    (ALL, "Anemia", "g/dL", {"lln": 11.5}, "10:1 9.9:2 8:2 7.9:3"),
    (ALL, "Anemia", "mmol/L", {"lln": 7.1}, "6.2:1 6.1:2 4.9:2 4.8:3"),
    (ALL, "Leukocytosis", "10^9/L", {}, "100:0 100.1:3"),
    (ALL, "Lymphocyte count increased", "/uL", {}, "4000:0 4001:2 20000:2 20001:3"),
    *((ALL, term, "U/L", {"uln": 40, "baseline": 40}, "40:0 41:1 120:1 121:2 200:2 201:3 800:3 801:4") for term in (ALT, AST)),
    *(("5.0", term, "U/L", {"uln": 40, "baseline": 100}, "149:0 150:1 300:1 301:2 500:2 501:3 2000:3 2001:4") for term in (ALT, AST)),
    *(("6.0", term, "U/L", {"uln": 40, "baseline": 100}, "99:0 100:1 150:1 151:2 200:2 201:3 400:3 401:4") for term in (ALT, AST)),
    ("4.03", ALT, "U/L", {"uln": 40, "baseline": 100}, "41:1 121:2 201:3 801:4"),
    ("4.03 5.0", "GGT increased", "U/L", {"uln": 60, "baseline": 30}, "60:0 61:1 150:1 151:2 300:2 301:3 1200:3 1201:4"),
    ("5.0", "GGT increased", "U/L", {"uln": 60, "baseline": 100}, "199:0 200:1 250:1 251:2 500:2 501:3 2000:3 2001:4"),
    ("5.0", "Alkaline phosphatase increased", "U/L", {"uln": 120, "baseline": 200}, "399:0 400:1 500:1 501:2 1000:2 1001:3 4001:4"),
    (ALL, "Blood bilirubin increased", "mg/dL", {"uln": 1.2}, "1.2:0 1.21:1 1.8:1 1.81:2 3.6:2 3.61:3 12:3 12.1:4"),
    ("5.0", "Blood bilirubin increased", "umol/L", {"uln": 20, "baseline": 30}, "30:0 31:1 45:1 46:2 90:2 91:3 300:3 301:4"),
    ("6.0", "Blood bilirubin increased", "umol/L", {"uln": 20, "baseline": 30}, "29:0 30:1 45:1 46:2 75:2 76:3 300:3 301:4"),
    ("4.03 5.0", "CPK increased", "U/L", {"uln": 200}, "201:1 500:1 501:2 1000:2 1001:3 2000:3 2001:4"),
    ("5.0", "Creatinine increased", "mg/dL", {"uln": 1.2, "baseline": 1}, "1.2:0 1.3:1 1.5:1 1.6:2 3:2 3.1:3 7.2:3 7.3:4"),
    ("4.03", "Creatinine increased", "umol/L", {"uln": 100, "baseline": 60}, "60:0 61:1 90:1 91:2 180:2 181:3 600:3 601:4"),
    ("5.0 6.0", "INR increased", "ratio", {}, "1.2:0 1.21:1 1.5:1 1.51:2 2.5:2 2.51:3"),
    ("4.03", "INR increased", "ratio", {"uln": 1.2}, "1.2:0 1.3:1 1.8:1 1.9:2 3:2 3.1:3"),
    ("5.0", "INR increased", "ratio", {"baseline": 1, "on_anticoagulation": True}, "1:0 1.1:1 1.5:1 1.6:2 2.5:2 2.6:3"),
    ("5.0", "INR increased", "ratio", {"baseline": 2, "on_anticoagulation": True}, "2:2 2.4:2 2.51:3"),
    (ALL, "Activated partial thromboplastin time prolonged", "s", {"uln": 36}, "36:0 37:1 54:1 55:2 90:2 91:3"),
    (ALL, "Fibrinogen decreased", "mg/dL", {"lln": 200}, "200:0 199:1 150:1 149:2 100:2 99:3 50:3 49:4"),
    ("5.0", "Fibrinogen decreased", "g/L", {"lln": 2, "baseline": 4}, "2:0 1.99:3 1.01:3 1:4"),
    (ALL, "Hyperkalemia", "mmol/L", {"uln": 5.1}, "5.1:0 5.5:1 5.6:2 6:2 6.1:3 7:3 7.1:4"),
    (ALL, "Hypokalemia", "mmol/L", {"lln": 3.5, "clinical_condition": "asymptomatic and no intervention"}, "3.5:0 3:1 2.9:3 2.5:3 2.4:4"),
    (ALL, "Hypernatremia", "mmol/L", {"uln": 145}, "145:0 150:1 151:2 155:2 156:3 160:3 161:4"),
    ("4.03", "Hyponatremia", "mmol/L", {"lln": 135}, "135:0 134:1 130:1 129:3 120:3 119:4"),
    ("5.0 6.0", "Hyponatremia", "mmol/L", {"lln": 135} | NO_SYMPTOMS, "130:1 129:2 125:2 124:3 120:3 119:4"),
    (ALL, "Hypomagnesemia", "mmol/L", {"lln": 0.7}, "0.7:0 0.5:1 0.49:2 0.4:2 0.39:3 0.3:3 0.29:4"),
    (ALL, "Hypomagnesemia", "mg/dL", {"lln": 1.7}, "1.2:1 1.19:2 0.9:2 0.89:3 0.7:3 0.69:4"),
    (ALL, "Hypermagnesemia", "mmol/L", {"uln": 1}, "1:0 1.23:1 1.24:3 3.3:3 3.31:4"),
    (ALL, "Hypermagnesemia", "mg/dL", {"uln": 2.4}, "3:1 3.1:3 8:3 8.1:4"),
    (ALL, "Hypocalcemia", "mmol/L", {"lln": 2.15} | CORRECTED, "2:1 1.99:2 1.75:2 1.74:3 1.5:3 1.49:4"),
    (ALL, "Hypocalcemia", "mg/dL", {"lln": 8.6} | CORRECTED, "8:1 7.9:2 7:2 6.9:3 6:3 5.9:4"),
    (ALL, "Hypocalcemia", "mmol/L", {"lln": 1.12} | IONIZED, "1:1 0.99:2 0.9:2 0.89:3 0.8:3 0.79:4"),
    (ALL, "Hypercalcemia", "mmol/L", {"uln": 2.55} | CORRECTED, "2.9:1 2.91:2 3.1:2 3.11:3 3.4:3 3.41:4"),
    (ALL, "Hypercalcemia", "mg/dL", {"uln": 10.5} | CORRECTED, "11.5:1 11.6:2 12.5:2 12.6:3 13.5:3 13.6:4"),
    (ALL, "Hypercalcemia", "mmol/L", {"uln": 1.3} | IONIZED, "1.5:1 1.51:2 1.6:2 1.61:3 1.8:3 1.81:4"),
    (ALL, "Hypoglycemia", "mmol/L", {"lln": 3.9}, "3:1 2.9:2 2.2:2 2.1:3 1.7:3 1.6:4"),
    (ALL, "Hypoglycemia", "mg/dL", {"lln": 70}, "55:1 54:2 40:2 39:3 30:3 29:4"),
    ("4.03 6.0", "Hyperglycemia", "mmol/L", {"uln": 5.6, "sub_test": "fasting glucose"}, "5.6:0 8.9:1 9:2 13.9:2 14:3 27.8:3 28:4"),
    (ALL, "Hypoalbuminemia", "g/L", {"lln": 35}, "30:1 29:2 20:2 19:3"),
    (ALL, "Hypoalbuminemia", "g/dL", {"lln": 3.5}, "3:1 2.9:2 2:2 1.9:3"),
    (ALL, "Cholesterol high", "mg/dL", {"uln": 200}, "300:1 301:2 400:2 401:3 500:3 501:4"),
    (ALL, "Hypertriglyceridemia", "mg/dL", {}, "149:0 150:1 300:1 301:2 500:2 501:3 1000:3 1001:4"),
    (ALL, "Chronic kidney disease", "mL/min/1.73m2", {"lln": 90}, "90:0 60:1 59:2 30:2 29:3 15:3 14:4"),
    (ALL, "Fever", "Cel", {}, "37.9:0 38:1 39:1 39.1:2 40:2"),
    (ALL, "Fever", "Cel", {"clinical_condition": "duration <=24 h"}, "40.1:3"),
    (ALL, "Fever", "Cel", {"clinical_condition": "duration >24 h"}, "40.1:4"),
    (ALL, QTC, "ms", {"baseline": 445}, "449:0 450:1 480:1 481:2 500:2 501:3"),
    ("5.0 6.0", QTC, "ms", {"baseline": 400}, "449:0 460:1 461:3"),
    ("4.03", "Hyperuricemia", "umol/L", {"uln": 420, "clinical_condition": "without physiologic consequences"}, "420:0 590:1 591:4"),
    ("4.03", "Hypophosphatemia", "mmol/L", {"lln": 0.87}, "0.8:1 0.79:2 0.6:2 0.59:3 0.3:3 0.29:4"),
    ("5.0", "Lipase increased", "U/L", {"uln": 100} | NO_SYMPTOMS, "101:1 150:1 151:2 500:2 501:3"),
    ("5.0", "Lipase increased", "U/L", {"uln": 100, "clinical_condition": "signs or symptoms"}, "200:2 201:3 500:3 501:4"),
    ("4.03", "Lipase increased", "U/L", {"uln": 100}, "150:1 151:2 200:2 201:3 500:3 501:4"),
    ("5.0", "Ejection fraction decreased", "%", {"baseline": 65}, "56:0 55:2 46:2 45:3 39:3 19:4"),
    ("4.03", "Ejection fraction decreased", "%", {"baseline": 66}, "57:0 56:2 46:2 45:3 19:4"),
    ("5.0", "Acidosis", "pH", {"lln": 7.35}, "7.35:0 7.34:1 7.3:1 7.29:3"),
    ("5.0", "Proteinuria", "mg/24h", {"uln": 150}, "149:0 150:1 999:1 1000:2 3499:2 3500:3"),
]  # fmt: skip


@pytest.mark.parametrize(("versions", "term", "unit", "known", "band"), BANDS)
def test_a_value_has_the_grade_of_its_printed_band(
    versions: str, term: str, unit: str, known: dict[str, Any], band: str
) -> None:
    for version in versions.split():
        found = {}
        for text, _ in (pair.split(":") for pair in band.split()):
            answer = grade(f"ctcae-{version}", {"term": term, "value": text, "unit": unit} | known)
            found[text] = str(answer.grade)
        assert found == dict(pair.split(":") for pair in band.split()), version
