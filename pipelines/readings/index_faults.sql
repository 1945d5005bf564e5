-- index_faults: bills in use whose states of the register contradict each other or what is billed: one row per bill and rule.
-- index_not_chained: a bill begins at another state than the one at which the bill before it, on the same day, ended.
-- index_runs_back: it ends at a lower state than it began at, and bills something all the same.
-- index_ratio_differs: what is billed follows the states by another ratio (the meter's constant) than in the two bills nearest to it (or
-- the only one); quantities are billed in whole units, so each may be off by less than one.
-- index_multiplied_twice: the bill contains the constant that meters has, too, and by which it would be multiplied once more.
-- Inputs: current_readings, meters, source_files. Macro: ratios_differ.
WITH bills AS (
    SELECT meter_id, started_at, ended_at, unit, index_before, index_after, index_after - index_before AS moved, quantity, source_sha256,
        source_member, source_line
    FROM current_readings
    WHERE reading_kind = 'bill' AND time_band = 'all' AND quality = 'measured' AND coalesce(index_before, index_after) IS NOT NULL
),
chained AS (
    SELECT *, lag(ended_at) OVER chain AS ended_before, lag(index_after) OVER chain AS index_then
    FROM bills
    WINDOW chain AS (PARTITION BY meter_id ORDER BY started_at, ended_at)
),
compared AS (
    SELECT
        *, ratios_differ(quantity, moved, lag(quantity) OVER others, lag(moved) OVER others) AS from_before,
        ratios_differ(quantity, moved, lead(quantity) OVER others, lead(moved) OVER others) AS from_after,
        ratios_differ(quantity, moved, lag(quantity, 2) OVER others, lag(moved, 2) OVER others) AS from_two_before,
        ratios_differ(quantity, moved, lead(quantity, 2) OVER others, lead(moved, 2) OVER others) AS from_two_after
    FROM chained
    WHERE moved > 0
    WINDOW others AS (PARTITION BY meter_id, unit ORDER BY started_at, ended_at)
),
faults AS (
    SELECT *, 'index_not_chained' AS rule_id FROM chained WHERE ended_before = started_at AND index_then <> index_before
    UNION ALL
    SELECT *, 'index_runs_back' FROM chained WHERE moved < 0 AND quantity > 0
    UNION ALL
    SELECT * EXCLUDE (from_before, from_after, from_two_before, from_two_after), 'index_ratio_differs' FROM compared
    WHERE coalesce(from_before, from_two_after) IS NOT false AND coalesce(from_after, from_two_before) IS NOT false
        AND coalesce(from_before, from_after) IS NOT NULL
    UNION ALL
    SELECT c.*, 'index_multiplied_twice' FROM chained AS c
    JOIN meters AS m
        ON m.meter_id = c.meter_id AND m.multiplier > 1 AND c.started_at >= coalesce(m.valid_from, DATE '0001-01-01')
        AND c.started_at < coalesce(m.valid_to, DATE '9999-12-31')
    WHERE c.moved > 0 AND micro(c.quantity) = CAST(micro(c.moved) * m.multiplier AS HUGEINT)
),
files AS (
    SELECT sha256, min(source || '/' || path ORDER BY received_at, source, path) AS path FROM source_files WHERE status = 'read' GROUP BY sha256
)
SELECT f.rule_id, f.meter_id, CAST(f.started_at AS DATE) AS since, CAST(f.ended_at AS DATE) AS until, p.path, f.source_member AS member,
    f.source_line AS line, f.index_then, f.index_before, f.index_after, f.moved, f.quantity, f.unit
FROM faults AS f
JOIN files AS p ON p.sha256 = f.source_sha256
ORDER BY ALL
