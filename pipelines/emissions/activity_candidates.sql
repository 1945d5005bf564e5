-- activity_candidates: one row per activity source, substance, gas, fiscal year and factor (施行令第3条). A measured own factor of the
-- facility comes before the ordinance's. HFC and PFC are named by their substance, which decides the warming potential.
-- From first_day on, so that the series with the base year's factors finds those of a source that came later.
-- Inputs: activity_days, emission_factors, heat_contents, gwp. Parameter: first_day.
WITH sources AS (
    SELECT activity_source_id, facility_id, activity, substance, unit, least(min(local_date), CAST($first_day AS DATE)) AS first_date,
        max(local_date) AS last_date
    FROM activity_days
    GROUP BY ALL
),
edges AS (
    SELECT s.activity_source_id, s.substance, make_date(y, 4, 1) AS edge
    FROM sources AS s, unnest(range(year(s.first_date) - 1, year(s.last_date) + 2)) AS t(y)
    UNION
    SELECT s.activity_source_id, s.substance, e.edge
    FROM sources AS s CROSS JOIN (
        SELECT unnest([valid_from, valid_to]) AS edge FROM emission_factors WHERE factor_table = 'plan_activities'
        UNION SELECT unnest([valid_from, valid_to]) FROM gwp WHERE basis = 'plan'
    ) AS e
    WHERE e.edge > s.first_date AND e.edge <= s.last_date
),
pieces AS (
    SELECT activity_source_id, substance, edge AS since,
        lead(edge) OVER (PARTITION BY activity_source_id, substance ORDER BY edge) AS until
    FROM edges
    WHERE edge IS NOT NULL
),
matched AS (
    SELECT
        s.activity_source_id, s.activity, s.substance, s.unit, p.since AS valid_from, p.until AS valid_to, f.factor_id,
        f.value AS factor_value, f.unit AS factor_unit, f.origin,
        coalesce(CASE WHEN f.gas IN ('HFC', 'PFC') THEN s.substance ELSE f.gas END, f.gas, 'CO2') AS gas,
        make_date(fiscal_year_of(p.since) + 1, 4, 1) - make_date(fiscal_year_of(p.since), 4, 1) AS days_in_year
    FROM pieces AS p
    JOIN sources AS s ON s.activity_source_id = p.activity_source_id AND s.substance IS NOT DISTINCT FROM p.substance
    LEFT JOIN emission_factors AS f
        ON f.factor_table = 'plan_activities' AND f.key = s.activity
        AND (f.facility_id IS NULL OR f.facility_id = s.facility_id)
        AND p.since >= coalesce(f.valid_from, DATE '0001-01-01') AND p.since < coalesce(f.valid_to, DATE '9999-12-31')
    WHERE p.until IS NOT NULL AND p.until > s.first_date AND p.since <= s.last_date
)
SELECT
    m.*, h.heat_content_id, h.value AS heat_value, h.unit AS heat_unit, g.gwp_id, g.value AS gwp_value
FROM matched AS m
LEFT JOIN heat_contents AS h ON m.factor_unit LIKE '%/GJ' AND h.heat_table = 'plan_activities' AND h.key = m.activity
LEFT JOIN gwp AS g
    ON g.gas = m.gas AND g.basis = 'plan' AND m.valid_from >= coalesce(g.valid_from, DATE '0001-01-01')
    AND m.valid_from < coalesce(g.valid_to, DATE '9999-12-31')
QUALIFY m.factor_id IS NULL OR NOT bool_or(m.origin = 'own') OVER (PARTITION BY m.activity_source_id, m.substance, m.gas, m.valid_from)
    OR m.origin = 'own'
