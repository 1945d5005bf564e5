-- interpolated_days: one row per missing day of a meter that is filled from similar days; what is there but doubtful stays as it is.
-- Only short gaps are filled: a month that is over, with at most `most` days that are missing or doubtful, of a meter whose most possible use of a day is known. The estimate is the
-- lower median of the meter's own good days of the same kind (Monday to Friday, Saturday, Sunday) within four weeks; there must be
-- `similar_days` of them. The true use lies between what was measured of the day (low) and the limit (high): these bounds, not the
-- estimate, enter the verdict, so taking data away never makes a year look better. Long gaps are never filled.
-- Inputs: judged_days, window_months (those that are made), daily_limits, meter_allocations. Parameters: most, similar_days, today.
WITH days AS (
    SELECT
        j.meter_id, j.local_date, any_value(j.reading_kind) AS reading_kind, any_value(j.booked) AS booked,
        bool_or(j.expected) AS expected, bool_and(j.state IN ('measured', 'estimated')) AS is_good,
        bool_or(j.state = 'doubtful') AS is_doubtful, sum(j.quantity) AS quantity, min(j.unit) AS unit,
        count(DISTINCT j.unit) AS units, date_trunc('month', j.local_date) AS month,
        CASE isodow(j.local_date) WHEN 6 THEN 'sat' WHEN 7 THEN 'sun' ELSE 'week' END AS day_kind
    FROM judged_days AS j
    WHERE j.meter_id IN (SELECT meter_id FROM daily_limits)
    GROUP BY j.meter_id, j.local_date
),
short AS (
    SELECT meter_id, month
    FROM days
    WHERE expected
    GROUP BY meter_id, month
    HAVING count(*) FILTER (NOT is_good) BETWEEN 1 AND CAST($most AS INTEGER)
        AND month + INTERVAL 1 MONTH <= CAST($today AS DATE)
),
gaps AS (
    SELECT d.*, l.daily_limit
    FROM days AS d
    JOIN short AS s ON s.meter_id = d.meter_id AND s.month = d.month
    SEMI JOIN window_months AS w ON w.meter_id = d.meter_id AND w.month = d.month
    JOIN daily_limits AS l ON l.meter_id = d.meter_id AND d.local_date >= l.since AND d.local_date < l.until
    WHERE d.expected AND NOT d.is_good AND NOT d.is_doubtful AND d.reading_kind <> 'delivery' AND d.units <= 1
        AND NOT EXISTS (SELECT 1 FROM meter_allocations AS a WHERE a.meter_id = d.meter_id AND a.facility_share < 0
            AND d.local_date >= a.valid_from AND d.local_date < a.valid_to)
),
estimated AS (
    SELECT g.meter_id, g.local_date, min(f.unit) AS unit, quantile_disc(f.quantity, 0.5) AS estimate, count(*) AS similar_days
    FROM gaps AS g
    JOIN days AS f
        ON f.meter_id = g.meter_id AND f.is_good AND f.units = 1 AND f.day_kind = g.day_kind
        AND f.local_date BETWEEN g.local_date - similar_days() AND g.local_date + similar_days()
    GROUP BY g.meter_id, g.local_date
    HAVING count(*) >= CAST($similar_days AS INTEGER) AND count(DISTINCT f.unit) = 1
)
SELECT
    g.meter_id, g.local_date, g.reading_kind, e.unit, CAST(e.estimate AS DECIMAL(18, 6)) AS quantity,
    CAST(coalesce(g.quantity, 0) AS DECIMAL(18, 6)) AS low_quantity,
    g.daily_limit AS high_quantity, e.similar_days, g.booked
FROM gaps AS g
JOIN estimated AS e ON e.meter_id = g.meter_id AND e.local_date = g.local_date
WHERE coalesce(g.unit, e.unit) = e.unit AND e.estimate <= g.daily_limit
    AND coalesce(g.quantity, 0) <= g.daily_limit
