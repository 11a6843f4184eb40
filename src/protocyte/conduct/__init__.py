"""What may happen next: a command becomes events, or a refusal that says what would permit it."""

from protocyte.conduct.commands import Decided, command_names, decide
from protocyte.conduct.consequences import consequences
from protocyte.conduct.desk import Answer, Desk, Done, adopt
from protocyte.conduct.oversight_checks import active_holds, open_queries
from protocyte.conduct.refusal import Refusal
from protocyte.conduct.scene import ROLES, Role, Scene

__all__ = [
    "ROLES",
    "Answer",
    "Decided",
    "Desk",
    "Done",
    "Refusal",
    "Role",
    "Scene",
    "active_holds",
    "adopt",
    "command_names",
    "consequences",
    "decide",
    "open_queries",
]
