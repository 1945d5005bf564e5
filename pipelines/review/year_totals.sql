-- year_totals: one row per facility and fiscal year: what the plan says it emitted. Reads emissions_by_facility_fiscal_year.
SELECT facility_id, fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan'
