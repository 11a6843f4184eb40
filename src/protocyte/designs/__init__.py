"""Dose finding: designs as folds over outcomes, with exact operating characteristics."""

from protocyte.designs.advice import Action, Advice
from protocyte.designs.blrm import Blrm
from protocyte.designs.boin import Boin
from protocyte.designs.characteristics import OperatingCharacteristics, operating_characteristics
from protocyte.designs.crm import Crm, indifference_skeleton
from protocyte.designs.design import Design, State, Tally, advise_outcomes, with_levels
from protocyte.designs.enumeration import Enumeration, enumerate_design
from protocyte.designs.expansion import Expansion, JointCharacteristics, joint_characteristics
from protocyte.designs.i3plus3 import I3Plus3
from protocyte.designs.intra_subject import IntraSubject
from protocyte.designs.keyboard import Keyboard, Mtpi2
from protocyte.designs.monitoring import BetaBinomialMonitor, MonitorNode, PocockMonitor
from protocyte.designs.outcome import Outcome, format_outcomes, parse_outcomes
from protocyte.designs.parse import DesignNode, parse_design
from protocyte.designs.pathways import merged_paths, paths
from protocyte.designs.risks import (
    dlt_distribution,
    probability_overdosing,
    probability_stopped_early,
    sample_size_distribution,
    worst_case,
)
from protocyte.designs.rolling_six import RollingSix
from protocyte.designs.safety_run_in import SafetyRunIn
from protocyte.designs.simulation import BlockSums, combine, simulate, simulate_blocks
from protocyte.designs.table_design import TableDesign, read_decision_table
from protocyte.designs.tables import boundary_table, decision_table, what_if
from protocyte.designs.three_plus_three import ThreePlusThree
from protocyte.designs.timeline import Course, follow_trial, simulate_timeline
from protocyte.designs.tite_boin import TiteBoin
from protocyte.designs.tite_crm import TiteCrm
from protocyte.designs.two_stage import StageSizes, TwoStage

__all__ = [
    "Action",
    "Advice",
    "BetaBinomialMonitor",
    "BlockSums",
    "Blrm",
    "Boin",
    "Course",
    "Crm",
    "Design",
    "DesignNode",
    "Enumeration",
    "Expansion",
    "I3Plus3",
    "IntraSubject",
    "JointCharacteristics",
    "Keyboard",
    "MonitorNode",
    "Mtpi2",
    "OperatingCharacteristics",
    "Outcome",
    "PocockMonitor",
    "RollingSix",
    "SafetyRunIn",
    "StageSizes",
    "State",
    "TableDesign",
    "Tally",
    "ThreePlusThree",
    "TiteBoin",
    "TiteCrm",
    "TwoStage",
    "advise_outcomes",
    "boundary_table",
    "combine",
    "decision_table",
    "dlt_distribution",
    "enumerate_design",
    "follow_trial",
    "format_outcomes",
    "indifference_skeleton",
    "joint_characteristics",
    "merged_paths",
    "operating_characteristics",
    "parse_design",
    "parse_outcomes",
    "paths",
    "probability_overdosing",
    "probability_stopped_early",
    "read_decision_table",
    "sample_size_distribution",
    "simulate",
    "simulate_blocks",
    "simulate_timeline",
    "what_if",
    "with_levels",
    "worst_case",
]
