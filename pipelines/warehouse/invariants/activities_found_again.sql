-- activities_found_again: per activity source, what was reported is what stands in its days, to the digit: amounts add up; a stock
-- stands on each of its days. A derived source has the tonnes of its parent times the year's fraction, each day rounded once.
-- Inputs: activity_readings, activity_sources, activities, counted_units, activity_days, waste_fractions.
WITH sources AS (
    SELECT s.*, a.per_year = 'yes' AS is_stock, coalesce(s.valid_from, DATE '0001-01-01') AS since, coalesce(s.valid_to, DATE '9999-12-31') AS until
    FROM activity_sources AS s
    JOIN activities AS a ON a.activity = s.activity
),
reported AS (
    SELECT s.facility_id, r.activity_source_id,
        sum(CAST(CAST(r.quantity AS DECIMAL(26, 6)) * u.scale AS DECIMAL(18, 6))
            * CASE WHEN s.is_stock THEN CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) - CAST(r.started_at AS DATE) + 1 ELSE 1 END) AS quantity
    FROM activity_readings AS r
    JOIN sources AS s ON s.activity_source_id = r.activity_source_id AND r.started_at >= s.since AND r.started_at < s.until
    JOIN (SELECT DISTINCT unit, energy_type, scale FROM counted_units WHERE rule_id IS NULL) AS u
        ON u.unit = r.unit AND u.energy_type = s.activity
    WHERE r.known_to IS NULL AND s.derived_from IS NULL
    GROUP BY ALL
),
counted AS (
    SELECT facility_id, activity_source_id, sum(quantity) AS quantity
    FROM activity_days
    WHERE quantity IS NOT NULL AND derived_from IS NULL AND activity_source_id NOT IN
        (SELECT activity_source_id FROM activity_sources WHERE derived_from IS NOT NULL)
    GROUP BY ALL
),
derived AS (
    SELECT d.facility_id, fiscal_year_of(d.local_date) AS fiscal_year, d.activity_source_id, d.activity, d.derived_from,
        sum(d.quantity) AS quantity, count(*) AS days
    FROM activity_days AS d
    WHERE d.derived_from IS NOT NULL AND d.quantity IS NOT NULL
    GROUP BY ALL
),
parents AS (
    SELECT activity_source_id, fiscal_year_of(local_date) AS fiscal_year, sum(quantity) AS quantity
    FROM activity_days
    WHERE activity_source_id IN (SELECT derived_from FROM derived)
    GROUP BY ALL
)
SELECT coalesce(r.facility_id, c.facility_id) AS facility_id, NULL AS fiscal_year, r.quantity AS reported, c.quantity AS counted
FROM reported AS r
FULL JOIN counted AS c ON c.facility_id = r.facility_id AND c.activity_source_id = r.activity_source_id
WHERE r.quantity IS DISTINCT FROM c.quantity
UNION ALL
SELECT d.facility_id, d.fiscal_year, p.quantity * w.fraction, d.quantity
FROM derived AS d
LEFT JOIN parents AS p ON p.activity_source_id = d.derived_from AND p.fiscal_year = d.fiscal_year
LEFT JOIN waste_fractions AS w ON w.facility_id = d.facility_id AND w.activity = d.activity AND w.fiscal_year = d.fiscal_year
WHERE NOT coalesce(d.quantity <= p.quantity * w.fraction + d.days * 0.0000005, false)
