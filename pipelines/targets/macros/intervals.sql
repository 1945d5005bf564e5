-- allowed_amount: baseline x share, cut (never rounded up) at a millionth of a gram, in whole numbers throughout.
CREATE OR REPLACE MACRO allowed_amount(baseline, num, den) AS
    CAST(CAST((CAST(CAST(baseline AS DECIMAL(28, 9)) * 1000000000 AS HUGEINT) * num) // den AS DECIMAL(29, 0))
        * 0.000000001 AS DECIMAL(38, 9));
CREATE OR REPLACE MACRO listed(texts) AS list_filter(string_split(texts, ';'), lambda r: r <> '');
CREATE OR REPLACE MACRO reason_list(texts) AS
    nullif(array_to_string(list_sort(list_distinct(listed(texts))), ';'), '');
CREATE OR REPLACE MACRO of_baseline(texts) AS
    array_to_string(list_transform(listed(texts), lambda r: CASE r WHEN 'by_department' THEN 'base_year_by_department' ELSE 'baseline:' || r END), ';');
-- Two statements about one amount, each an interval (high empty: open) with its reasons. Where they agree the amount lies in both, and the
-- narrower one's reasons tell; where they contradict each other, either may be right: then it may lie anywhere between. So taking one of
-- two that agree away only ever widens what is left. Of two open ones each says why.
CREATE OR REPLACE MACRO are_apart(low1, high1, low2, high2) AS coalesce(high1 < low2, false) OR coalesce(high2 < low1, false);
CREATE OR REPLACE MACRO is_inside(low1, high1, low2, high2) AS low1 >= low2 AND (high2 IS NULL OR coalesce(high1 <= high2, false));
CREATE OR REPLACE MACRO lower_of(a, b) AS least(coalesce(a, b), coalesce(b, a));
CREATE OR REPLACE MACRO met_low(low1, high1, low2, high2) AS
    CASE WHEN are_apart(low1, high1, low2, high2) THEN least(low1, low2) ELSE greatest(low1, low2) END;
CREATE OR REPLACE MACRO met_high(low1, high1, low2, high2) AS CASE
    WHEN NOT are_apart(low1, high1, low2, high2) THEN lower_of(high1, high2)
    WHEN high1 IS NOT NULL AND high2 IS NOT NULL THEN greatest(high1, high2) END;
CREATE OR REPLACE MACRO met_reasons(low1, high1, reasons1, low2, high2, reasons2) AS CASE
    WHEN are_apart(low1, high1, low2, high2) THEN concat_ws(';', reasons1, reasons2, 'yearly_total_differs')
    WHEN high1 IS NULL AND high2 IS NULL THEN concat_ws(';', reasons1, reasons2)
    WHEN is_inside(low1, high1, low2, high2) THEN reasons1
    WHEN is_inside(low2, high2, low1, high1) THEN reasons2
    ELSE concat_ws(';', reasons1, reasons2) END;
-- What is known (k_) of a part of a subject, after a yearly total (t_) has spoken. One that reaches beyond the subject (is_whole false) gives
-- no lower bound: of a facility that moved within the year, an upper one; of a department or operator, none.
CREATE OR REPLACE MACRO told_low(k_low, k_high, t_low, t_high, is_whole) AS
    CASE WHEN coalesce(is_whole, false) THEN met_low(k_low, k_high, t_low, t_high) ELSE k_low END;
CREATE OR REPLACE MACRO told_high(k_low, k_high, t_low, t_high, is_whole, of_facility) AS CASE
    WHEN coalesce(is_whole, false) THEN met_high(k_low, k_high, t_low, t_high)
    WHEN NOT is_whole AND of_facility THEN lower_of(k_high, t_high)
    ELSE k_high END;
CREATE OR REPLACE MACRO told_reasons(k_low, k_high, k_reasons, t_low, t_high, t_reasons, is_whole, of_facility) AS CASE
    WHEN is_whole IS NULL THEN k_reasons
    WHEN is_whole AND k_high IS NULL THEN met_reasons(t_low, t_high, t_reasons, k_low, k_high, k_reasons)
    WHEN is_whole THEN met_reasons(k_low, k_high, k_reasons, t_low, t_high, t_reasons)
    WHEN k_high IS NOT NULL THEN k_reasons
    WHEN of_facility THEN 'yearly_total;yearly_total_divided'
    ELSE 'by_department' END;
