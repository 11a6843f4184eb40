"""The study: a trial's protocol as one typed value, read from a file that people write.

load_study(path)     -> Loaded (study, document, warnings), or every problem with its line
check_study(...)     -> what is wrong with a study whose fields are all of their kinds
diff_studies(a, b)   -> what changed between two versions
shelf(), find_study  -> the studies that ship with Protocyte
"""

from protocyte.study.check import check_study
from protocyte.study.diff import Change, diff_studies
from protocyte.study.document import Document
from protocyte.study.load import Loaded, adopted_study, load_study, read_study
from protocyte.study.model import Study
from protocyte.study.shelf import find_study, shelf

__all__ = [
    "Change",
    "Document",
    "Loaded",
    "Study",
    "adopted_study",
    "check_study",
    "diff_studies",
    "find_study",
    "load_study",
    "read_study",
    "shelf",
]
