-- readings_after_closing: facilities with readings before they opened or after they closed, one flag each, in the last of the
-- years concerned. Input: readings_outside_life.
SELECT facility_id, max(fiscal_year) AS fiscal_year, NULL AS subject, NULL AS co2e_at_stake_kg,
    to_json({opened: coalesce(CAST(any_value(opened_on) AS VARCHAR), '-'), closed: coalesce(CAST(any_value(closed_on) AS VARCHAR), '-'),
        first: CAST(min(first_date) AS VARCHAR), last: CAST(max(last_date) AS VARCHAR),
        sources: array_to_string(list_sort(list_distinct(string_split(string_agg(source_ids, ';'), ';'))), ', ')}) AS evidence
FROM readings_outside_life
GROUP BY facility_id
