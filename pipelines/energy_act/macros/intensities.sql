-- ratio: an interval of quotients of two intervals of positive numbers; an open end, or nothing below the line, leaves it open.
CREATE OR REPLACE MACRO ratio_low(low1, high2) AS CASE WHEN high2 > 0 THEN low1 / high2 END;
CREATE OR REPLACE MACRO ratio_high(high1, low2) AS CASE WHEN low2 > 0 THEN high1 / low2 END;
-- aim_state: what an interval of the five-year change says of the aim (施行規則35条); exactly the aim is reached.
CREATE OR REPLACE MACRO aim_state(low, high, aim) AS CASE
    WHEN coalesce(high <= aim, false) THEN 'reached'
    WHEN coalesce(low > aim, false) THEN 'not_reached'
    ELSE 'undeterminable' END;
-- is_worse: whether a ratio to the year before, an interval, is above 1: yes, no, or (empty) not known.
CREATE OR REPLACE MACRO is_worse(low, high) AS CASE WHEN low > 1 THEN true WHEN high <= 1 THEN false END;
-- efficiency_class: S where the aim is reached; B where it is not, and the change is above 105 % or two years in a row are worse; A
-- otherwise. C is B with poor compliance, which no meter shows.
CREATE OR REPLACE MACRO efficiency_class(aim, low, high, worse, worse_before) AS CASE
    WHEN aim = 'undeterminable' THEN 'undeterminable'
    WHEN aim = 'reached' THEN 'S'
    WHEN coalesce(low > 1.05, false) OR coalesce(worse AND worse_before, false) THEN 'B'
    WHEN coalesce(high <= 1.05, false) AND coalesce(NOT (worse AND worse_before), false) THEN 'A'
    ELSE 'undeterminable' END;
