"""The frozen model: what every typed value of Protocyte is made of."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable model that refuses unknown fields.

    A field nobody declared is a mistake somebody made; accepting it silently would lose it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
