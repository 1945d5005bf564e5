-- no_target: facilities for which no target was in force in the last closed fiscal year. Input: facility_results.
-- Parameter: last_closed. At stake: the year's emissions.
-- Reads emissions_by_facility_fiscal_year.
SELECT
    r.facility_id, r.fiscal_year, r.basis AS subject, y.co2e_kg AS co2e_at_stake_kg, to_json({basis: r.basis}) AS evidence
FROM facility_results AS r
LEFT JOIN emissions_by_facility_fiscal_year AS y
    ON y.facility_id = r.facility_id AND y.fiscal_year = r.fiscal_year AND y.basis = r.basis
WHERE r.fiscal_year = CAST($last_closed AS INTEGER) AND list_contains(string_split(r.reasons, ';'), 'no_target')
