-- allowed_follows_targets: allowed = baseline x share, cut at a millionth of a gram, with the share worked out here from the register
-- of targets in whole numbers: linear from the base year, through milestones where there are any, the final rate afterwards; under
-- a target that is in force; of targets set in amounts see allowed_follows_amounts. A facility never takes the amount of a wider subject for its baseline.
-- Inputs: targets, facility_results, target_results.
WITH points AS (
    SELECT target_id, base_fy AS fiscal_year, CAST(0 AS HUGEINT) AS rate FROM targets WHERE reduction_rate IS NOT NULL
    UNION ALL SELECT target_id, target_fy, CAST(reduction_rate * 1000000 AS HUGEINT) FROM targets WHERE reduction_rate IS NOT NULL
    UNION ALL
    SELECT target_id, fiscal_year, CAST(CAST(split_part(point, ':', 2) AS DECIMAL(9, 6)) * 1000000 AS HUGEINT)
    FROM (
        SELECT target_id, base_fy, target_fy, trim(point) AS point, CAST(split_part(trim(point), ':', 1) AS INTEGER) AS fiscal_year
        FROM (SELECT *, unnest(string_split(milestones, ';')) AS point FROM targets WHERE path = 'milestones')
        WHERE trim(point) <> '')
    WHERE fiscal_year > base_fy AND fiscal_year < target_fy
),
legs AS (
    SELECT target_id, fiscal_year AS since, rate, lead(fiscal_year) OVER (PARTITION BY target_id ORDER BY fiscal_year) AS until,
        lead(rate) OVER (PARTITION BY target_id ORDER BY fiscal_year) AS next_rate
    FROM points
),
results AS (
    SELECT facility_id, target_id, fiscal_year, 'facility' AS of_what, baseline_low_co2e_kg, baseline_high_co2e_kg, allowed_co2e_kg, allowed_high_co2e_kg
    FROM facility_results WHERE target_id IS NOT NULL
    UNION ALL
    SELECT NULL, target_id, fiscal_year, 'target', baseline_low_co2e_kg, baseline_high_co2e_kg, allowed_co2e_kg, allowed_high_co2e_kg FROM target_results
),
shared AS (
    SELECT r.*, t.subject_kind, t.base_co2e_t, t.adopted_on, t.superseded_on,
        coalesce(1000000 * (l.until - l.since) - l.rate * (l.until - l.since) - (l.next_rate - l.rate) * (r.fiscal_year - l.since),
            1000000 - CAST(t.reduction_rate * 1000000 AS HUGEINT)) AS num,
        coalesce(1000000 * (l.until - l.since), 1000000) AS den
    FROM results AS r
    JOIN targets AS t ON t.target_id = r.target_id AND t.reduction_rate IS NOT NULL
    LEFT JOIN legs AS l ON l.target_id = r.target_id AND r.fiscal_year > l.since AND r.fiscal_year <= l.until
),
recomputed AS (
    SELECT *, CAST(CAST(baseline_low_co2e_kg AS DECIMAL(28, 9)) * 1000000000 AS HUGEINT) * num // den AS low,
        CAST(CAST(baseline_high_co2e_kg AS DECIMAL(28, 9)) * 1000000000 AS HUGEINT) * num // den AS high
    FROM shared
)
SELECT facility_id, CASE WHEN of_what = 'target' THEN target_id END AS target_id, fiscal_year
FROM recomputed
WHERE low IS DISTINCT FROM CAST(allowed_co2e_kg * 1000000000 AS HUGEINT) OR high IS DISTINCT FROM CAST(allowed_high_co2e_kg * 1000000000 AS HUGEINT)
    OR adopted_on >= make_date(fiscal_year + 1, 4, 1) OR superseded_on < make_date(fiscal_year + 1, 4, 1)
    OR base_co2e_t IS NOT NULL AND (of_what = 'target' OR subject_kind = 'facility') AND baseline_low_co2e_kg IS DISTINCT FROM base_co2e_t * 1000
