"""The section of city.toml about closing a fiscal year: until when late months are only being collected."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from pipelines.settings.layout import Frozen

FIRST_MONTH = 4


def _a_day(text: str) -> str:
    date.fromisoformat(f"2001-{text}")
    return text


# A day after 31 March and within the calendar year, so that at most one year is being collected.
MonthDay = Annotated[str, Field(pattern=r"^(0[4-9]|1[0-2])-\d\d$"), AfterValidator(_a_day)]


class YearDate(Frozen):
    """A date of the city's own calendar (year.toml): it comes back each year, and changes no number."""

    name: Annotated[str, Field(min_length=1)] = Field(description="What is due.")
    month_day: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-\d\d$"), AfterValidator(_a_day)] = Field(
        description="By when, each fiscal year (MM-DD)."
    )
    owner: str = Field("", description="Post or department whose it is.")
    source: str = Field("", description="Where it is decided.")
    confirmed: bool = Field(False, description="false: an example of others, to be confirmed (要確認).")

    def on(self, fiscal_year: int) -> date:
        """Return its day in a fiscal year."""
        month, day = (int(part) for part in self.month_day.split("-"))
        return date(fiscal_year + (month < FIRST_MONTH), month, day)


class Year(Frozen):
    """Closing a fiscal year (年度の締め)."""

    closing_month_day: MonthDay = Field(
        "06-30", description="Until this day (MM-DD, from 04-01 on) after its end a year is being collected (集計中)."
    )
    closing_by_operator: dict[str, MonthDay] = Field(
        default_factory=dict, description='Another day for some operators, by operator_id, e.g. {"OP2" = "07-31"}.'
    )
    closing_late_days: int = Field(
        60, ge=1, le=400, description="Days after its closing date from which a year without `year close` is asked for."
    )

    def closing_date(self, fiscal_year: int, operator_id: str) -> date:
        """Return the last day on which a missing month of the year is only late."""
        month, day = self.closing_by_operator.get(operator_id, self.closing_month_day).split("-")
        return date(fiscal_year + 1, int(month), int(day))
