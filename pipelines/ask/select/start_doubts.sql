-- start_doubts: a doubt that stands in one of some fiscal years, with what lifts it and the flag that asks about it at the facility.
-- Reads doubts, meter_allocations, flag_doubts, flags.
WITH placed AS (
    SELECT DISTINCT
        coalesce(d.facility_id, a.facility_id) AS facility_id, d.doubt_id, d.source_id, d.rule_id, d.fiscal_year, d.days, d.lifted_by_ja, d.lifted_by_en
    FROM doubts AS d
    LEFT JOIN meter_allocations AS a ON d.source_kind = 'meter' AND a.meter_id = d.source_id
    WHERE d.doubt_state = 'standing' AND d.fiscal_year <= $year
)
SELECT p.*, (SELECT list(f.flag_id ORDER BY f.flag_id) FROM flag_doubts AS k JOIN flags AS f ON f.flag_id = k.flag_id
    WHERE k.doubt_id = p.doubt_id AND f.facility_id = p.facility_id) AS flag_ids
FROM placed AS p
ORDER BY ALL
