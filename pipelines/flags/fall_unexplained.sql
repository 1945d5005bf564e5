-- fall_unexplained: facilities that are within their path in the last closed year after a fall nobody has stated a reason for: energy of all
-- kinds together lies more than `fall_share` below the mean of the last three years that are wholly covered, it fell by `fall_step` or
-- more of the same month a year before within three months, and no event, measure, contract, meter, share, size or membership begins
-- there (a meter that ends without another one in its place explains nothing). The verdict stays; the reason is asked for. At stake: what the fall means at the year's own intensity.
-- Inputs: facility_results, emissions_by_facility_fiscal_year, emissions_by_facility_month, facility_events, measures, contracts, meters, meter_shares,
-- meter_allocations, facility_facts, facility_periods, facilities. Parameters: last_closed, fall_share, fall_step.
WITH years AS (
    SELECT facility_id, fiscal_year, max(energy_gj) AS energy_gj, min(coverage) AS coverage, max(co2e_kg) AS co2e_kg
    FROM emissions_by_facility_fiscal_year
    WHERE basis = 'plan' AND is_in_force
    GROUP BY ALL
),
before AS (
    SELECT y.facility_id, list(b.energy_gj ORDER BY b.fiscal_year DESC)[1:3] AS energies, any_value(y.energy_gj) AS energy_gj,
        any_value(y.co2e_kg) AS co2e_kg
    FROM years AS y
    JOIN years AS b ON b.facility_id = y.facility_id AND b.fiscal_year < y.fiscal_year AND b.coverage = 1 AND b.energy_gj > 0
    WHERE y.fiscal_year = CAST($last_closed AS INTEGER)
    GROUP BY y.facility_id
),
fallen AS (
    SELECT b.facility_id, b.energy_gj, b.co2e_kg, list_sum(b.energies) AS sum_before, len(b.energies) AS years_before
    FROM before AS b
    SEMI JOIN (SELECT facility_id FROM facility_results WHERE fiscal_year = CAST($last_closed AS INTEGER) AND verdict = 'achieved') AS r
        ON r.facility_id = b.facility_id
    WHERE b.energy_gj * len(b.energies) < list_sum(b.energies) * (1 - CAST($fall_share AS DECIMAL(5, 3)))
),
months AS (
    SELECT m.facility_id, m.month, sum(m.energy_gj) AS energy_gj
    FROM emissions_by_facility_month AS m
    SEMI JOIN fallen AS f ON f.facility_id = m.facility_id
    WHERE m.basis = 'plan'
    GROUP BY ALL
),
ratios AS (
    SELECT m.facility_id, m.month, CAST(m.energy_gj AS DOUBLE) / nullif(CAST(p.energy_gj AS DOUBLE), 0) AS ratio
    FROM months AS m
    JOIN months AS p ON p.facility_id = m.facility_id AND p.month = CAST(m.month - INTERVAL 1 YEAR AS DATE)
),
steps AS (
    SELECT a.facility_id, a.month, b.ratio - a.ratio AS fall
    FROM ratios AS a
    JOIN ratios AS b ON b.facility_id = a.facility_id AND b.month = CAST(a.month - INTERVAL 3 MONTH AS DATE)
    WHERE a.month >= make_date(CAST($last_closed AS INTEGER), 4, 1) AND a.month < make_date(CAST($last_closed AS INTEGER) + 1, 4, 1)
        AND b.ratio - a.ratio >= CAST($fall_step AS DOUBLE)
),
beginnings AS (
    SELECT facility_id, "from" AS day FROM facility_events
    UNION ALL SELECT facility_id, "from" FROM measures
    UNION ALL SELECT facility_id, unnest([valid_from, valid_to]) FROM facility_facts
    UNION ALL SELECT facility_id, unnest([valid_from, valid_to]) FROM facility_periods
    UNION ALL SELECT facility_id, valid_from FROM meter_allocations
    UNION ALL SELECT a.facility_id, a.valid_to FROM meter_allocations AS a
        SEMI JOIN meter_allocations AS b ON b.facility_id = a.facility_id AND b.energy_type = a.energy_type AND b.valid_from = a.valid_to
    UNION ALL SELECT a.facility_id, unnest([c.valid_from, c.valid_to]) FROM contracts AS c
        JOIN (SELECT DISTINCT meter_id, facility_id FROM meter_allocations) AS a ON a.meter_id = c.meter_id
),
unexplained AS (
    SELECT s.facility_id, min(s.month) AS month, max(s.fall) AS fall
    FROM steps AS s
    WHERE NOT EXISTS (SELECT 1 FROM beginnings AS b
        WHERE b.facility_id = s.facility_id AND b.day >= CAST(s.month - INTERVAL 4 MONTH AS DATE) AND b.day < CAST(s.month + INTERVAL 1 MONTH AS DATE))
    GROUP BY s.facility_id
)
SELECT f.facility_id, CAST($last_closed AS INTEGER) AS fiscal_year, NULL AS subject,
    CAST(CAST(f.co2e_kg AS DOUBLE) * (CAST(f.sum_before AS DOUBLE) / f.years_before / nullif(CAST(f.energy_gj AS DOUBLE), 0) - 1) AS DECIMAL(18, 1)) AS co2e_at_stake_kg,
    to_json({percent: CAST(round(100 - 100 * CAST(f.energy_gj AS DOUBLE) * f.years_before / CAST(f.sum_before AS DOUBLE)) AS INTEGER),
        years: f.years_before, month: strftime(u.month, '%Y-%m')}) AS evidence
FROM fallen AS f
JOIN unexplained AS u ON u.facility_id = f.facility_id
