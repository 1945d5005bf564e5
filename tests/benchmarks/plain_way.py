"""The way one would write it in an afternoon: pandas reads, pint converts, groupby sums, Great Expectations checks frames.

No lineage, no revisions beyond "the later file wins", one factor per kind of energy. ``python -m tests.benchmarks.plain_way CITY``
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import great_expectations as gx
import pandas as pd
import pint

# Made-up factors: what matters here is the work, not the figures.
GJ_PER = {"kWh": 0.00864, "m3": 0.045, "L": 0.0367}
TONNES_PER = {"kWh": 0.00044, "m3": 0.00223, "L": 0.00249}


def main() -> None:
    """Build everything anew from all files, as such a script does every night."""
    city = Path(sys.argv[1])
    paths = sorted(city.glob("inbox/slots/*.csv")) + sorted(city.glob("inbox/bills/*.csv"))
    frames = [
        pd.read_csv(path, parse_dates=["started_at", "ended_at"]) for path in paths if path.name != "received.csv"
    ]
    readings = pd.concat(frames, ignore_index=True).drop_duplicates(["meter_id", "started_at"], keep="last")
    meters = pd.read_csv(city / "registers" / "meters.csv").drop_duplicates("meter_id")
    readings = readings.merge(meters[["meter_id", "facility_id"]], on="meter_id", how="left")
    units: pint.UnitRegistry[float] = pint.UnitRegistry()
    readings["gj"], readings["t"] = 0.0, 0.0
    for unit, group in readings.groupby("unit"):
        energy = units.Quantity(group["quantity"].to_numpy(), units.dimensionless) * GJ_PER[str(unit)] * units.gigajoule
        carbon = units.Quantity(group["quantity"].to_numpy(), units.dimensionless) * TONNES_PER[str(unit)] * units.tonne
        readings.loc[group.index, "gj"] = energy.to(units.gigajoule).magnitude
        readings.loc[group.index, "t"] = carbon.to(units.tonne).magnitude
    readings["day"] = readings["started_at"].dt.floor("D")
    readings["fiscal_year"] = readings["day"].dt.year - (readings["day"].dt.month < 4)
    days = readings.groupby(["facility_id", "meter_id", "day"], as_index=False)[["quantity", "gj", "t"]].sum()
    years = readings.groupby(["facility_id", "fiscal_year"], as_index=False)[["gj", "t"]].sum()
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_pandas("frames")
    for name, frame, column in (("readings", readings, "quantity"), ("days", days, "gj"), ("years", years, "t")):
        batch = (
            source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        )
        suite = gx.ExpectationSuite(name=name)
        suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column="facility_id"))
        suite.add_expectation(gx.expectations.ExpectColumnValuesToBeBetween(column=column, min_value=0))
        batch.validate(suite)
    with duckdb.connect(str(city / "plain.duckdb")) as connection:
        for name, frame in (("readings", readings), ("days", days), ("years", years)):
            connection.register("frame", frame)
            connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM frame")


if __name__ == "__main__":
    main()
