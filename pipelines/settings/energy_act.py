"""The section of city.toml about the Energy Conservation Act: when a threshold is near, and whom the city's own rule names."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipelines.settings.layout import Frozen


class EnergyActDuties(Frozen):
    """What the city decides about thresholds and posts; none changes a number."""

    near_threshold: float = Field(
        0.05, ge=0, le=0.5, description="Share of a threshold of the Act within which a figure counts as near it."
    )
    responsible_per: Literal["department", "facility", "none"] = Field(
        "department",
        description="For what the city's own rule names an エネルギー管理責任者: each department or facility.",
    )
