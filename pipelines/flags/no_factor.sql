-- no_factor: days of the last closed and the running fiscal year that have data but no factor, so no CO2 in the plan.
-- Input: emission_days. Parameter: last_closed.
WITH lacking AS (
    SELECT facility_id, source_id, fiscal_year_of(local_date) AS fiscal_year, reason, count(DISTINCT local_date) AS days
    FROM emission_days
    WHERE basis = 'plan' AND quantity IS NOT NULL AND co2e_kg IS NULL AND reason <> 'not_in_basis' AND facility_share > 0
        AND local_date >= make_date(CAST($last_closed AS INTEGER), 4, 1)
    GROUP BY ALL
)
SELECT
    facility_id, fiscal_year, 'plan' AS subject, NULL AS co2e_at_stake_kg,
    to_json({days: CAST(max(days) AS INTEGER), sources: string_agg(DISTINCT source_id, ', ' ORDER BY source_id),
        why: string_agg(DISTINCT reason, ', ' ORDER BY reason)}) AS evidence
FROM lacking
GROUP BY facility_id, fiscal_year
