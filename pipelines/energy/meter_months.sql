-- meter_months: one row per meter, month, kind and unit: what was counted, and on which days (bit 0: the first of the month);
-- zero_bits: on which of them nothing at all, and a file that says so.
-- Input: counted_days.
SELECT
    meter_id, CAST(date_trunc('month', local_date) AS DATE) AS month, reading_kind, unit, sum(quantity) AS quantity,
    bit_or(1 << (day(local_date) - 1)) AS day_bits,
    coalesce(bit_or(1 << (day(local_date) - 1)) FILTER (is_covered), 0) AS covered_bits,
    coalesce(bit_or(1 << (day(local_date) - 1)) FILTER (is_covered AND is_all_zero), 0) AS zero_bits,
    min(zero_file) FILTER (is_covered AND is_all_zero) AS zero_file
FROM counted_days
WHERE quantity IS NOT NULL
GROUP BY meter_id, date_trunc('month', local_date), reading_kind, unit
