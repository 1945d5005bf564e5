-- subject_years: one row per subject, fiscal year and basis: the interval of its emissions and why it is open.
-- Each source counts by the rule of the year in force for it. NF3 is not part of the plan's total.
-- Inputs: emissions_by_source_month, members, open_uses.
WITH by_source AS (
    SELECT
        m.subject_key, e.fiscal_year, e.basis, e.source_kind, e.source_id,
        coalesce(sum(e.low_co2e_kg) FILTER (e.gas <> 'NF3'), 0) AS low,
        coalesce(sum(e.high_co2e_kg) FILTER (e.gas <> 'NF3'), 0) AS high,
        coalesce(sum(e.open_days) FILTER (e.gas <> 'NF3'), 0) AS open_days,
        sum(e.covered_days) AS covered_days, sum(e.expected_days) AS expected_days,
        string_agg(DISTINCT e.reasons, ';') AS reasons
    FROM members AS m
    JOIN emissions_by_source_month AS e ON e.facility_id = m.facility_id AND e.valid_from = m.valid_from
    WHERE e.is_in_force
    GROUP BY ALL
    UNION ALL
    SELECT m.subject_key, h.fiscal_year, h.basis, 'held', h.facility_id, 0, 0, 1, NULL, NULL, h.reason
    FROM members AS m
    JOIN open_uses AS h ON h.facility_id = m.facility_id AND h.first_date >= m.valid_from AND h.first_date < m.valid_to
)
SELECT
    subject_key, fiscal_year, basis, sum(low) AS low, CASE WHEN sum(open_days) = 0 THEN sum(high) END AS high,
    min(CAST(CAST(covered_days * 1000000 // nullif(expected_days, 0) AS DECIMAL(9, 0)) * 0.000001 AS DECIMAL(9, 6))) AS coverage,
    string_agg(DISTINCT reasons, ';') AS reasons
FROM by_source
GROUP BY subject_key, fiscal_year, basis
