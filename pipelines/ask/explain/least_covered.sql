-- least_covered: the source that the coverage of the span is that of: how many of its days count (a value and a factor, no doubt), of how many.
-- A source in whose place a yearly total stands has no part in a year's coverage. Inputs: emissions_by_source_month, emissions_by_source_year.
WITH by_gas AS (
    SELECT source_id, gas, CAST(sum(covered_days) AS BIGINT) AS covered_days, CAST(sum(expected_days) AS BIGINT) AS expected_days
    FROM emissions_by_source_month AS m
    WHERE facility_id = $facility AND basis = $basis AND month >= $first AND month < $end AND is_in_force
        AND ($end - $first < 360 OR EXISTS (SELECT 1 FROM emissions_by_source_year AS y WHERE y.source_kind = m.source_kind
            AND y.source_id = m.source_id AND y.facility_id = m.facility_id AND y.fiscal_year = m.fiscal_year AND y.basis = m.basis))
    GROUP BY source_id, gas
)
SELECT source_id, covered_days, expected_days FROM by_gas
WHERE covered_days < expected_days
ORDER BY covered_days / expected_days, source_id
LIMIT 1
