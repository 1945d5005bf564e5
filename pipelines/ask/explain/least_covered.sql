-- least_covered: the source that the coverage of the span is that of: how many of its days count (a value and a factor, no doubt), of how many.
-- Input: emissions_by_source_month.
WITH by_gas AS (
    SELECT source_id, gas, CAST(sum(covered_days) AS BIGINT) AS covered_days, CAST(sum(expected_days) AS BIGINT) AS expected_days
    FROM emissions_by_source_month
    WHERE facility_id = $facility AND basis = $basis AND month >= $first AND month < $end AND is_in_force
    GROUP BY source_id, gas
)
SELECT source_id, covered_days, expected_days FROM by_gas
WHERE covered_days < expected_days
ORDER BY covered_days / expected_days, source_id
LIMIT 1
