"""From energy and activities to CO2: the choice of factor, emissions per basis and gas, months and fiscal years."""
