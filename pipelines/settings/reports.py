"""The section of city.toml about how figures are shown: the sign of a reduction, and rounding by the screen and by document."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from pipelines import tables
from pipelines.rounding import Document, document
from pipelines.settings.layout import Frozen
from pipelines.texts import both


class Rounding(Frozen):
    """How the screen (画面) or a document of the city prints its figures; never what is stored."""

    digits: int = Field(1, ge=0, le=6, description="Decimals of a tonne.")
    mode: Annotated[str, Field(pattern="^(half_up|cut|ceiling)$")] = Field(
        "half_up", description="half_up (四捨五入), cut (切捨て) or ceiling (切上げ)."
    )
    rate_digits: int = Field(1, ge=0, le=6, description="Decimals of a percent.")
    rate_mode: Annotated[str, Field(pattern="^(half_up|cut|ceiling)$")] = Field(
        "half_up", description="The same for rates."
    )
    rate_from: Annotated[str, Field(pattern="^(exact|rounded)$")] = Field(
        "exact", description="exact: rates of exact figures. rounded: of the printed ones."
    )
    gas_digits: int | None = Field(
        None, ge=0, le=6, description="Decimals of a tonne to which each gas is rounded before its warming potential."
    )
    source: Annotated[str, Field(min_length=1)] = Field(description="Where it is decided: document and place.")


SCREEN = "画面"


class Reports(Frozen):
    """How figures are shown."""

    rounding: dict[str, Rounding] = Field(
        default_factory=dict, description="Rounding of the screen (画面) and of each document (公表, 審議会, ...)."
    )

    sign: Annotated[str, Field(pattern="^(change_negative|reduction_positive)$")] = Field(
        "change_negative", description="Sign of a reduction: change_negative (-20 %) or reduction_positive (+20 %)."
    )

    @field_validator("rounding")
    @classmethod
    def _names_documents(cls, stated: dict[str, Rounding]) -> dict[str, Rounding]:
        known = (SCREEN, *tables.words("purpose"))
        for name, rule in stated.items():
            if name not in known:
                raise ValueError(both("no_such_document", at=name, known=", ".join(known)))
            if name == SCREEN and rule.gas_digits is not None:
                raise ValueError(both("screen_rounds_no_gas", at=name))
        return stated

    def document(self, name: str) -> Document | None:
        """Return the city's own rules of rounding for a document, where it states some."""
        stated = self.rounding.get(name)
        return None if stated is None else document(name, **stated.model_dump(exclude={"source"}))

    @property
    def documents(self) -> dict[str, Document]:
        """The documents for which the city states rules of its own, the screen aside."""
        return {name: found for name in self.rounding if name != SCREEN and (found := self.document(name)) is not None}
