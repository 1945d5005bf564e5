-- type_left_out: facilities with types that an earlier yearly total counts and of which nothing speaks in closed years: asked about once,
-- at the last of them. Inputs: types_left_out.
SELECT facility_id, CAST(max(fiscal_year) AS INTEGER) AS fiscal_year, NULL AS subject, NULL AS co2e_at_stake_kg,
    to_json({types: list_sort(list(DISTINCT source_type)), told: 'FY' || max(told_year),
        years: 'FY' || min(fiscal_year) || CASE WHEN max(fiscal_year) > min(fiscal_year) THEN '-FY' || max(fiscal_year) ELSE '' END}) AS evidence
FROM types_left_out
WHERE basis = 'plan'
GROUP BY facility_id
