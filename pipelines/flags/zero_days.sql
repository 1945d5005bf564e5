-- zero_days: whole days of zeros in interval data of the last closed and the running fiscal year, per facility.
-- Input: energy_by_meter_day. Parameter: last_closed.
SELECT
    facility_id, fiscal_year_of(local_date) AS fiscal_year, meter_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({days: CAST(count(DISTINCT local_date) AS INTEGER), sources: any_value(meter_id)}) AS evidence
FROM energy_by_meter_day
WHERE list_contains(string_split(concat_ws(';', doubts, overridden), ';'), 'zero_day') AND facility_id <> 'outside'
    AND local_date >= make_date(CAST($last_closed AS INTEGER), 4, 1)
GROUP BY ALL
