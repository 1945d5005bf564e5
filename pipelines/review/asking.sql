-- asking: one row per flag: the question it is folded into, whether that is asked, and since when. A flag keeps its bounds and its effect on verdicts
-- whatever stands here. In this order:
-- * not asked where the accepted answer of an earlier year covers it (standing_answers), also when it has been asked, unless it keeps an adopted
--   target from its verdict, which only an answer of that year can lift; such flags fold apart;
-- * folded by cause: the rule, year and operator, and the supplier where all that the flag is about is supplied by one, else the department;
-- * worth asking: nothing tells how much is at stake; or a published verdict or its target was changed; or it keeps an adopted target of a year
--   that has ended from its verdict (the facility's own target whatever its size, a sum's where the flag has no upper bound, or where nothing
--   larger is left to ask); or a facility missed its own adopted target; or it moves the facility's year by `of_facility` and `least_kg`, or
--   the question the operator's year by `of_operator` (of the running year: by the size of the last whole one);
-- * at most `per_week` new questions a week, first what decides a verdict, then by kg at stake times how often answers to this rule said
--   that the data were wrong; none of a rule that is still silent (flag_rules). What has been asked stays asked.
-- asking: asked, waiting (for a coming week), minor, standing, silent (would be asked). Reads flags, flag_doubts, doubts, contracts, facilities, targets,
-- target_results, target_members, emissions_by_facility_fiscal_year, reviews, asked_before, standing_answers, flag_patterns, flag_rules. Parameters: today, monday, per_week, of_facility, least_kg, of_operator.
WITH suppliers AS (
    SELECT meter_id, min(supplier) AS supplier
    FROM contracts
    WHERE supplier IS NOT NULL
    GROUP BY meter_id
    HAVING count(DISTINCT supplier) = 1
),
sources AS (
    SELECT flag_id, unnest(string_split(coalesce(json_extract_string(evidence, '$.sources'), subject), ', ')) AS meter_id FROM flags
),
supplied AS (
    SELECT s.flag_id, min(p.supplier) AS supplier
    FROM sources AS s
    LEFT JOIN suppliers AS p ON p.meter_id = s.meter_id
    GROUP BY s.flag_id
    HAVING count(DISTINCT p.supplier) = 1 AND count(p.supplier) = count(*)
),
sizes AS (
    SELECT facility_id, fiscal_year, sum(co2e_kg) AS co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' GROUP BY ALL
),
operator_sizes AS (
    SELECT n.operator_id, s.fiscal_year, sum(s.co2e_kg) AS co2e_kg
    FROM sizes AS s
    JOIN facilities AS n ON n.facility_id = s.facility_id
    GROUP BY ALL
),
promises AS (
    SELECT DISTINCT r.target_id, r.verdict, r.subject_kind, m.facility_id, unnest([r.fiscal_year, t.base_fy]) AS fiscal_year
    FROM target_results AS r
    JOIN targets AS t ON t.target_id = r.target_id
    JOIN target_members AS m ON m.target_id = r.target_id AND m.fiscal_year = r.fiscal_year
    WHERE t.path_status = 'adopted' AND NOT r.is_inherited AND r.year_state <> 'running' AND r.verdict <> 'achieved'
),
undecided AS ( -- flags about what keeps a verdict open, and whether it has no upper bound
    SELECT k.flag_id, bool_or(d.high_quantity IS NULL) AS is_unbounded
    FROM flag_doubts AS k
    JOIN doubts AS d ON d.doubt_id = k.doubt_id
    WHERE d.doubt_state = 'standing'
    GROUP BY k.flag_id
    UNION ALL
    SELECT flag_id, true FROM flags AS f WHERE rule_id IN ('data_missing', 'no_factor')
),
yields AS (
    SELECT rule_id, (1 + count(*) FILTER (NOT data_are_right)) / (2 + count(*)) AS chance FROM reviews WHERE step = 'answer' AND NOT recorded_only GROUP BY rule_id
),
weighed AS (
    SELECT f.flag_id, f.rule_id, f.fiscal_year, f.whole_year,
        f.state IN ('open', 'returned') AS is_open, f.co2e_at_stake_kg AS stake, f.opened_at, a.asked_on, n.operator_id,
        c.flag_id IS NOT NULL AS is_explained, r.asked_from,
        CASE WHEN s.supplier IS NOT NULL THEN 'supplier' ELSE 'department' END AS cause_kind, coalesce(s.supplier, n.department, '') AS cause,
        f.co2e_at_stake_kg IS NULL OR f.rule_id IN ('verdict_changed', 'backdated_target')
            OR f.co2e_at_stake_kg >= CAST($least_kg AS DOUBLE) AND f.co2e_at_stake_kg >= CAST($of_facility AS DOUBLE) * coalesce(z.co2e_kg, 0) AS weighs,
        EXISTS (SELECT 1 FROM promises AS p WHERE p.facility_id = f.facility_id AND p.fiscal_year = f.fiscal_year
            AND CASE WHEN f.rule_id = 'over_path' THEN p.verdict = 'not_achieved' AND p.subject_kind = 'facility'
                ELSE p.verdict = 'undeterminable' AND (u.is_unbounded OR u.flag_id IS NOT NULL AND p.subject_kind = 'facility') END) AS decides
    FROM (SELECT *, least(fiscal_year, fiscal_year_of(CAST($today AS DATE)) - 1) AS whole_year FROM flags) AS f
    LEFT JOIN facilities AS n ON n.facility_id = f.facility_id
    LEFT JOIN supplied AS s ON s.flag_id = f.flag_id
    LEFT JOIN sizes AS z ON z.facility_id = f.facility_id AND z.fiscal_year = f.whole_year
    LEFT JOIN undecided AS u ON u.flag_id = f.flag_id
    LEFT JOIN asked_before AS a ON a.flag_id = f.flag_id
    LEFT JOIN standing_answers AS c ON c.flag_id = f.flag_id AND c.standing_state = 'covers'
    JOIN flag_rules AS r ON r.rule_id = f.rule_id
),
folded AS (
    SELECT *, is_explained AND NOT decides AS is_covered, left(sha256(concat_ws(chr(31), 'question', rule_id, CAST(fiscal_year AS VARCHAR), operator_id,
        cause_kind, cause, CASE WHEN is_explained AND NOT decides THEN 'standing' END)), 12) AS question_id FROM weighed
),
large AS (
    SELECT o.question_id, any_value(o.rule_id) AS rule_id, any_value(o.fiscal_year) AS fiscal_year, bool_or(o.is_open) AS is_open, bool_or(o.decides) AS decides,
        sum(o.stake) AS stake, bool_or(o.stake IS NULL) AS is_unmeasured, min(o.asked_on) AS asked_on, min(o.opened_at) AS opened_at,
        any_value(o.is_covered) AS is_covered, any_value(o.asked_from) AS asked_from,
        bool_or(o.decides OR o.weighs) OR coalesce(sum(o.stake) >= CAST($of_operator AS DOUBLE) * any_value(z.co2e_kg), false) AS is_large
    FROM folded AS o
    LEFT JOIN operator_sizes AS z ON z.operator_id = o.operator_id AND z.fiscal_year = o.whole_year
    GROUP BY o.question_id
),
left_over AS ( -- sums without a verdict where nothing larger is left to ask: then what is small decides
    SELECT p.target_id
    FROM promises AS p
    JOIN flags AS f ON f.facility_id = p.facility_id AND f.fiscal_year = p.fiscal_year
    JOIN folded AS o ON o.flag_id = f.flag_id
    JOIN large AS l ON l.question_id = o.question_id
    JOIN undecided AS u ON u.flag_id = f.flag_id
    WHERE p.verdict = 'undeterminable'
    GROUP BY p.target_id
    HAVING NOT bool_or(l.is_large AND NOT l.is_covered AND f.state IN ('open', 'returned', 'answered'))
),
last_ones AS (
    SELECT DISTINCT o.question_id
    FROM folded AS o
    JOIN flags AS f ON f.flag_id = o.flag_id
    JOIN promises AS p ON p.facility_id = f.facility_id AND p.fiscal_year = f.fiscal_year AND p.verdict = 'undeterminable'
    JOIN left_over AS t ON t.target_id = p.target_id
    JOIN undecided AS u ON u.flag_id = o.flag_id
),
worth AS (
    SELECT l.* REPLACE (l.is_covered AND e.question_id IS NULL AS is_covered), l.is_large OR e.question_id IS NOT NULL AS is_worth,
        coalesce(y.chance, 0.5) AS chance
    FROM large AS l
    LEFT JOIN last_ones AS e ON e.question_id = l.question_id
    LEFT JOIN yields AS y ON y.rule_id = l.rule_id
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY asked_on IS NULL AND is_worth AND is_open AND NOT is_covered AND asked_from IS NULL
        ORDER BY decides DESC, is_unmeasured DESC, stake * chance DESC NULLS LAST, opened_at, question_id) AS place
    FROM worth
),
room AS (
    SELECT greatest(CAST($per_week AS BIGINT) - count(*), 0) AS questions
    FROM (SELECT question_id FROM asked_before GROUP BY question_id HAVING min(asked_on) BETWEEN CAST($monday AS DATE) AND CAST($today AS DATE))
)
SELECT o.flag_id, r.question_id, o.cause_kind, o.cause,
    CASE WHEN r.is_covered THEN 'standing' WHEN NOT r.is_worth AND r.asked_on IS NULL THEN 'minor'
        WHEN r.is_open AND r.asked_on IS NULL AND r.asked_from IS NOT NULL THEN 'silent'
        WHEN r.is_open AND r.asked_on IS NULL AND r.place > m.questions THEN 'waiting' ELSE 'asked' END AS asking,
    CASE WHEN r.is_covered THEN o.asked_on
        WHEN r.asked_on IS NOT NULL OR r.is_open AND r.is_worth AND r.asked_from IS NULL AND r.place <= m.questions
        THEN coalesce(o.asked_on, CAST($today AS DATE)) END AS asked_on,
    CASE WHEN asking = 'silent' THEN r.asked_from END AS asked_from,
    p.pattern, s.decision_id AS standing_decision_id, s.stands_until AS standing_until,
    CASE WHEN s.standing_state = 'covers' AND NOT r.is_covered THEN 'decides' ELSE s.standing_state END AS standing_state
FROM folded AS o
JOIN ranked AS r ON r.question_id = o.question_id
CROSS JOIN room AS m
LEFT JOIN flag_patterns AS p ON p.flag_id = o.flag_id
LEFT JOIN standing_answers AS s ON s.flag_id = o.flag_id
ORDER BY o.flag_id
