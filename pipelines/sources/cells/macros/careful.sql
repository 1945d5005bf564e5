-- Functions that read a cell as a person would; chr(30) (\x1e) sets off what a workbook's reader says of a cell.

CREATE OR REPLACE MACRO stated_offset(t) AS
    CASE WHEN right(t, 1) = 'Z' THEN 0
        ELSE CAST(t[-6] || '1' AS INTEGER) * (CAST(t[-5:-4] AS INTEGER) * 60 + CAST(t[-2:] AS INTEGER)) END;
CREATE OR REPLACE MACRO moment_of(t, form, utc_minutes) AS
    CASE WHEN form <> '' THEN NULL
        WHEN NOT regexp_full_match(t, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-](0\d|1[0-4]):[0-5]\d)') THEN plain_moment(t)
        ELSE try_cast(regexp_extract(t, '^(.+?)(Z|[+-]\d\d:\d\d)$', 1) AS TIMESTAMP) + to_minutes(utc_minutes - stated_offset(t)) END;
CREATE OR REPLACE MACRO plain_decimal(t) AS
    CASE WHEN length(t) <= 19 AND NOT contains(t, '_') AND NOT contains(t, 'e') AND NOT contains(t, 'E')
            AND try_cast(t AS DECIMAL(18, 6)) = try_cast(t AS DECIMAL(38, 18))
        THEN try_cast(t AS DECIMAL(18, 6)) END;
CREATE OR REPLACE MACRO bare_figure(t) AS
    regexp_replace(translate(t, '０１２３４５６７８９，．', '0123456789,.'), '^[\s　+−－▲△￥¥\\-]+|[\s　円-]+$', '', 'g');
CREATE OR REPLACE MACRO speaks_point(t) AS regexp_full_match(t,
    '[1-9]\d{0,2}(,\d{3})+\.\d*|[1-9]\d{0,2}(,\d{3}){2,}|\d*\.(\d{0,2}|\d{4,})|(0\d*|\d{4,})?\.\d{3}');
CREATE OR REPLACE MACRO speaks_comma(t) AS regexp_full_match(t,
    '[1-9]\d{0,2}(\.\d{3})+,\d*|[1-9]\d{0,2}(\.\d{3}){2,}|\d*,(\d{0,2}|\d{4,})|(0\d*|\d{4,})?,\d{3}');
CREATE OR REPLACE MACRO has_point_groups(t) AS regexp_full_match(t, '[1-9]\d{0,2}((\.\d{3})+,\d*|(\.\d{3}){2,})');
CREATE OR REPLACE MACRO snapped(t, tolerance) AS
    CASE WHEN abs(epoch_us(t) - epoch_us(date_trunc('minute', t + INTERVAL 30 SECOND))) <= tolerance * 1000000
        THEN date_trunc('minute', t + INTERVAL 30 SECOND) ELSE t END;
CREATE OR REPLACE MACRO days_of(t) AS
    try_cast(nullif(regexp_extract(translate(t, '０１２３４５６７８９', '0123456789'), '^([0-9]{1,3})(?:\.0+)?(?:日間?)?$', 1), '') AS INTEGER);
CREATE OR REPLACE MACRO unclosed_mark() AS chr(30) || 'unclosed';
CREATE OR REPLACE MACRO stamp_tolerance() AS 0;
CREATE OR REPLACE MACRO bare(t) AS regexp_replace(t, '[\s　]', '', 'g');
CREATE OR REPLACE MACRO unmarked(has_marks, t) AS
    CASE WHEN has_marks THEN regexp_replace(t, '\x1e[^\x1e]*\x1e[^\x1e]*\x1e', '', 'g') ELSE t END;
CREATE OR REPLACE MACRO rule_of(t) AS
    nullif(nullif(regexp_extract(t, '\x1e([^\x1e]*)\x1e[^\x1e]*\x1e', 1), ''), 'shown_otherwise');
CREATE OR REPLACE MACRO shown_as(t) AS nullif(regexp_extract(t, '\x1eshown_otherwise\x1e([^\x1e]*)\x1e', 1), '');
CREATE OR REPLACE MACRO of_its_own(has_marks, t) AS
    CASE WHEN NOT has_marks THEN t WHEN rule_of(t) IS NULL THEN unmarked(true, t)
        WHEN rule_of(t) <> 'hidden_column' THEN unmarked(true, t) || ' [' || rule_of(t) || ']' END;
CREATE OR REPLACE MACRO total_of(has_marks, t) AS
    CASE WHEN has_marks AND rule_of(t) = 'not_calculated' THEN unmarked(true, t) || ' (計算されていない式 / formula never calculated)'
        ELSE unmarked(has_marks, t) END;
CREATE OR REPLACE MACRO our_word(has_words, words, role, t) AS
    CASE WHEN has_words THEN coalesce(words[role || ':' || coalesce(trim(t), '')], t) ELSE t END;
CREATE OR REPLACE MACRO unless_missing(has_missing, missing, t) AS
    CASE WHEN NOT has_missing THEN t WHEN list_contains(missing, trim(t)) THEN '' ELSE t END;
CREATE OR REPLACE MACRO unless_torn(torn_place, place, t) AS
    CASE WHEN torn_place = place THEN coalesce(t, '') || ' [torn_line]' ELSE t END;
CREATE OR REPLACE MACRO period_start(t) AS trim(regexp_extract(t, '^(.+?)\s*[〜～~]\s*(.+)$', 1));
CREATE OR REPLACE MACRO period_end(t) AS trim(regexp_extract(t, '^(.+?)\s*[〜～~]\s*(.+)$', 2));
CREATE OR REPLACE MACRO index_of(t) AS try_cast(replace(t, ',', '') AS DECIMAL(18, 6));
-- is_near_month: a period's last day lies in the month that its row is for (2025年4月, 2025-04), or at most 15 days beside it: days of
-- reading wander by a few days, while a wrong month or year is a month off at least.
CREATE OR REPLACE MACRO first_of_month(t) AS try_cast(concat(regexp_extract(t, '^(\d{4})[年-]\d{1,2}月?$', 1), '-',
    lpad(regexp_extract(t, '^\d{4}[年-](\d{1,2})月?$', 1), 2, '0'), '-01') AS TIMESTAMP);
CREATE OR REPLACE MACRO is_near_month(ended_at, t) AS
    ended_at > first_of_month(t) - INTERVAL 15 DAY AND ended_at <= first_of_month(t) + INTERVAL 1 MONTH + INTERVAL 15 DAY;
