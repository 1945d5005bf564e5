-- against_threshold: what an interval of crude oil (high empty: open) says of a threshold of the Act; exactly the threshold is reached.
CREATE OR REPLACE MACRO against_threshold(low_kl, high_kl, threshold) AS CASE
    WHEN low_kl >= threshold THEN 'at_or_above'
    WHEN coalesce(high_kl < threshold, false) THEN 'below'
    ELSE 'undeterminable' END;
CREATE OR REPLACE MACRO threshold_of(id) AS (SELECT value FROM thresholds WHERE threshold_id = id);
CREATE OR REPLACE MACRO threshold_name(id) AS (SELECT name_ja FROM thresholds WHERE threshold_id = id);
-- is_near: within a share of the threshold, on either side.
CREATE OR REPLACE MACRO is_near(kl, threshold, share) AS coalesce(abs(kl - threshold) <= threshold * share, false);
-- millionths: a part of a whole, cut at six places, in whole numbers throughout.
CREATE OR REPLACE MACRO millionths(part, whole) AS
    CAST(CAST(CAST(part AS BIGINT) * 1000000 // nullif(CAST(whole AS BIGINT), 0) AS DECIMAL(9, 0)) * 0.000001 AS DECIMAL(9, 6));
