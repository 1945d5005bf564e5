-- emissions_by_cause_gas_fiscal_year: one row per facility, fiscal year, basis, cause and gas, with the published heading;
-- each source by the rule of the year that is in force for it.
-- A heading for use class and cause wins over one for the cause, which wins over one for the use class.
-- Inputs: emissions_by_source_year, facility_spans, headings.
WITH caused AS (
    SELECT m.facility_id, m.fiscal_year, m.basis, m.source_type AS cause, m.gas, s.use_class, m.valid_from,
        sum(m.emissions_kg) AS emissions_kg, sum(m.co2e_kg) AS co2e_kg
    FROM emissions_by_source_year AS m
    JOIN facility_spans AS s ON s.facility_id = m.facility_id AND s.valid_from = m.valid_from
    WHERE m.is_in_force
    GROUP BY ALL
),
headed AS (
    SELECT c.*, h.heading
    FROM caused AS c
    LEFT JOIN headings AS h
        ON (h.use_class IS NULL OR h.use_class = c.use_class) AND (h.cause IS NULL OR h.cause = c.cause)
        AND make_date(c.fiscal_year, 4, 1) >= coalesce(h.valid_from, DATE '0001-01-01')
        AND make_date(c.fiscal_year, 4, 1) < coalesce(h.valid_to, DATE '9999-12-31')
    QUALIFY row_number() OVER (
        PARTITION BY c.facility_id, c.fiscal_year, c.basis, c.cause, c.gas, c.valid_from
        ORDER BY (h.cause IS NOT NULL AND h.use_class IS NOT NULL) DESC, h.cause IS NOT NULL DESC, h.use_class IS NOT NULL DESC, h.heading) = 1
)
SELECT facility_id, fiscal_year, basis, cause, gas, heading, sum(emissions_kg) AS emissions_kg, sum(co2e_kg) AS co2e_kg
FROM headed
GROUP BY facility_id, fiscal_year, basis, cause, gas, heading
