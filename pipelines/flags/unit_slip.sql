-- unit_slip: meters with bills or months so far from the same season of other years that unit or digits may be wrong; any
-- fiscal year, since an old slip distorts the baseline. At stake: what is booked against what would be usual. Inputs: meter_doubts, energy_by_meter_day, emission_days.
WITH slips AS (
    SELECT *, unnest(range(fiscal_year_of(valid_from), fiscal_year_of(CAST(valid_to - 1 AS DATE)) + 1)) AS fiscal_year
    FROM meter_doubts
    WHERE rule_id = 'unit_slip'
),
booked AS (
    SELECT s.meter_id, s.fiscal_year, e.facility_id, sum(e.co2e_kg) AS co2e_kg
    FROM slips AS s
    JOIN emission_days AS e
        ON e.source_kind = 'meter' AND e.source_id = s.meter_id AND e.local_date >= s.valid_from AND e.local_date < s.valid_to
        AND fiscal_year_of(e.local_date) = s.fiscal_year
    WHERE e.basis = 'plan' AND e.facility_share > 0
    GROUP BY ALL
),
told AS (
    SELECT meter_id, fiscal_year,
        to_json({periods: string_agg(DISTINCT strftime(valid_from, '%Y-%m-%d') || '..' || strftime(CAST(valid_to - 1 AS DATE), '%Y-%m-%d'), ', '
                ORDER BY strftime(valid_from, '%Y-%m-%d') || '..' || strftime(CAST(valid_to - 1 AS DATE), '%Y-%m-%d')),
            ratio: CAST(arg_min(json_extract(evidence, '$.ratio'), valid_from) AS DOUBLE),
            mean: CAST(arg_min(json_extract(evidence, '$.mean'), valid_from) AS DOUBLE),
            usual: CAST(arg_min(json_extract(evidence, '$.usual'), valid_from) AS DOUBLE),
            unit: arg_min(json_extract_string(evidence, '$.unit'), valid_from)}) AS evidence
    FROM slips
    GROUP BY meter_id, fiscal_year
)
SELECT b.facility_id, CAST(b.fiscal_year AS INTEGER) AS fiscal_year, b.meter_id AS subject,
    CAST(abs(CAST(b.co2e_kg AS DOUBLE) * (1 / nullif(CAST(json_extract(t.evidence, '$.ratio') AS DOUBLE), 0) - 1)) AS DECIMAL(18, 1))
        AS co2e_at_stake_kg, t.evidence
FROM booked AS b
JOIN told AS t ON t.meter_id = b.meter_id AND t.fiscal_year = b.fiscal_year
