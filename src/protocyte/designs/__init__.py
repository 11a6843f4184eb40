"""Dose finding: designs as folds over outcomes, with exact operating characteristics."""

from protocyte.designs.advice import Action, Advice
from protocyte.designs.blrm import Blrm
from protocyte.designs.boin import Boin
from protocyte.designs.characteristics import OperatingCharacteristics, operating_characteristics
from protocyte.designs.crm import Crm, indifference_skeleton
from protocyte.designs.design import Design, State, Tally, advise_outcomes, with_levels
from protocyte.designs.enumeration import Enumeration, enumerate_design
from protocyte.designs.i3plus3 import I3Plus3
from protocyte.designs.intra_subject import IntraSubject
from protocyte.designs.keyboard import Keyboard, Mtpi2
from protocyte.designs.outcome import Outcome, format_outcomes, parse_outcomes
from protocyte.designs.parse import DesignNode, parse_design
from protocyte.designs.rolling_six import RollingSix
from protocyte.designs.safety_run_in import SafetyRunIn
from protocyte.designs.table_design import TableDesign, read_decision_table
from protocyte.designs.three_plus_three import ThreePlusThree
from protocyte.designs.tite_boin import TiteBoin
from protocyte.designs.tite_crm import TiteCrm

__all__ = [
    "Action",
    "Advice",
    "Blrm",
    "Boin",
    "Crm",
    "Design",
    "DesignNode",
    "Enumeration",
    "I3Plus3",
    "IntraSubject",
    "Keyboard",
    "Mtpi2",
    "OperatingCharacteristics",
    "Outcome",
    "RollingSix",
    "SafetyRunIn",
    "State",
    "TableDesign",
    "Tally",
    "ThreePlusThree",
    "TiteBoin",
    "TiteCrm",
    "advise_outcomes",
    "enumerate_design",
    "format_outcomes",
    "indifference_skeleton",
    "operating_characteristics",
    "parse_design",
    "parse_outcomes",
    "read_decision_table",
    "with_levels",
]
