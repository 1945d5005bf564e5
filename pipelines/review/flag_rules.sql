-- flag_rules: one row per rule that raises flags: the day of the first night that knew it, and from which day people are asked where it is
-- newer than the city and still silent. Silent nights are the days that were published for since then, this one not counted; the day is the
-- earliest, with a night a day. The rules that the first record names are as old as the city.
-- Reads rules_before, publications, flags. Parameters: rules, today, silent_nights.
WITH rules AS (
    SELECT unnest(CAST($rules AS VARCHAR[])) AS rule_id
    UNION
    SELECT rule_id FROM flags
),
dated AS (
    SELECT r.rule_id, coalesce(b.known_on, CAST($today AS DATE)) AS known_on,
        coalesce(b.is_new, EXISTS (SELECT 1 FROM rules_before)) AS is_new
    FROM rules AS r
    LEFT JOIN rules_before AS b ON b.rule_id = r.rule_id
),
nights AS (
    SELECT d.rule_id, count(DISTINCT p.today) AS nights
    FROM dated AS d
    LEFT JOIN publications AS p ON p.today >= d.known_on AND p.today < CAST($today AS DATE)
    GROUP BY d.rule_id
)
SELECT d.rule_id, d.known_on, d.is_new,
    CASE WHEN d.is_new AND n.nights < CAST($silent_nights AS INTEGER)
        THEN CAST($today AS DATE) + CAST(CAST($silent_nights AS INTEGER) - n.nights AS INTEGER) END AS asked_from
FROM dated AS d
JOIN nights AS n ON n.rule_id = d.rule_id
ORDER BY d.rule_id
