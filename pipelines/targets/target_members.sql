-- target_members: one row per target, fiscal year in which it is in force and facility that is judged with it: open in the
-- year, or with emissions in it. Inputs: in_force, members, facility_states, emissions_by_source_month.
SELECT DISTINCT f.target_id, f.fiscal_year, m.facility_id
FROM in_force AS f
JOIN members AS m
    ON m.target_id = f.target_id AND m.valid_from < make_date(f.fiscal_year + 1, 4, 1) AND m.valid_to > make_date(f.fiscal_year, 4, 1)
WHERE EXISTS (SELECT 1 FROM facility_states AS s WHERE s.facility_id = m.facility_id AND s.fiscal_year = f.fiscal_year)
    OR EXISTS (SELECT 1 FROM emissions_by_source_month AS e
        WHERE e.facility_id = m.facility_id AND e.valid_from = m.valid_from AND e.fiscal_year = f.fiscal_year AND e.co2e_kg <> 0)
