-- older_reasons: every reason that keeps a closed year before the last one from a verdict, one finding each.
-- Input: facility_results. Parameter: last_closed.
SELECT facility_id, fiscal_year, unnest(string_split(reasons, ';')) AS reason
FROM facility_results
WHERE reasons IS NOT NULL AND fiscal_year < CAST($last_closed AS INTEGER)
