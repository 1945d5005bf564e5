-- emissions_by_source_month: one row per source, facility, span of its attributes, rule of the year, month, basis and gas:
-- sums of days. Days are counted once per source, however many bands it has: a day sets its bit of the month.
-- is_in_force: this is the rule by which the source's fiscal year counts. Inputs: bounded_days, facility_spans, bill_years.
WITH summed AS (
    SELECT
        b.source_kind, b.source_id, b.facility_id, s.valid_from, CAST(date_trunc('month', b.local_date) AS DATE) AS month,
        b.year_rule, b.fiscal_year, any_value(b.source_type) AS source_type, b.basis, b.gas,
        coalesce(sum(b.emissions_kg), 0) AS emissions_kg, coalesce(sum(b.co2e_kg), 0) AS co2e_kg,
        coalesce(sum(b.energy_gj), 0) AS total_energy_gj,
        coalesce(bit_count(bit_or(b.day_bit) FILTER (b.expected)), 0) AS expected_days,
        coalesce(bit_count(bit_or(b.day_bit) FILTER (b.expected)), 0)
            - coalesce(bit_count(bit_or(b.day_bit) FILTER (b.expected AND (NOT b.is_final OR b.state IN ('missing', 'doubtful', 'interpolated')))), 0)
            AS covered_days,
        coalesce(bit_count(bit_or(b.day_bit) FILTER (NOT b.is_final)), 0) AS open_days,
        sum(b.low_co2e_kg) AS low_co2e_kg, sum(b.high_co2e_kg) AS high_co2e_kg,
        coalesce(bool_or(b.choice = 'provisional' OR b.doubts LIKE '%provisional_reading%'), false) AS is_provisional,
        array_to_string(list_sort(list_distinct(string_split(string_agg(b.day_reasons, ';'), ';'))), ';') AS reasons
    FROM (SELECT *, 1 << day(local_date) AS day_bit FROM bounded_days) AS b
    JOIN facility_spans AS s
        ON s.facility_id = b.facility_id AND b.counted_on >= s.valid_from AND b.counted_on < s.valid_to
    GROUP BY b.source_kind, b.source_id, b.facility_id, s.valid_from, b.year_rule, b.fiscal_year, date_trunc('month', b.local_date),
        b.basis, b.gas
)
SELECT m.*, m.year_rule = CASE WHEN y.rule_id IS NULL THEN 'by_day' ELSE 'twelve_bills' END AS is_in_force
FROM summed AS m
LEFT JOIN bill_years AS y ON y.meter_id = m.source_id AND y.basis = m.basis AND y.fiscal_year = m.fiscal_year
