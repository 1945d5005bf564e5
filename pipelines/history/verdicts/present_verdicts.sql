-- present_verdicts: one row per case, fiscal year and basis as it stands in the new file: every facility, and every target on
-- its subject's sum with the facilities that are judged with it. Inputs: facility_results, target_results, target_members.
WITH judged_with AS (
    SELECT target_id, fiscal_year, count(*) AS facilities, string_agg(facility_id, ';' ORDER BY facility_id) AS facility_ids
    FROM target_members
    GROUP BY target_id, fiscal_year
),
cases AS (
    SELECT 'facility/' || facility_id AS subject_key, 'facility' AS subject_kind, facility_id AS subject_id,
        CAST(NULL AS BIGINT) AS facilities, CAST(NULL AS VARCHAR) AS facility_ids, * EXCLUDE (facility_id)
    FROM facility_results
    UNION ALL BY NAME
    SELECT 'target/' || r.target_id AS subject_key, coalesce(j.facilities, 0) AS facilities, coalesce(j.facility_ids, '') AS facility_ids, r.*
    FROM target_results AS r
    LEFT JOIN judged_with AS j ON j.target_id = r.target_id AND j.fiscal_year = r.fiscal_year
)
SELECT subject_key, subject_kind, subject_id, fiscal_year, basis, year_state, year_state = 'closed' AS is_closed, verdict, target_id,
    baseline_low_co2e_kg, baseline_high_co2e_kg, allowed_co2e_kg, allowed_high_co2e_kg, actual_low_co2e_kg, actual_high_co2e_kg,
    reasons, facilities, facility_ids
FROM cases
