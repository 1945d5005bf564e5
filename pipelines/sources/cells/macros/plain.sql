-- Functions that read a cell written as machines write it.

CREATE OR REPLACE MACRO plain_moment(t) AS
    CASE WHEN t LIKE '____-__-__ __:__' THEN try_cast(t AS TIMESTAMP)
        WHEN length(t) = 19 AND t[5] IN ('-', '/') AND t[14] = ':' AND t[17] = ':'
            OR length(t) = 16 AND t[5] IN ('-', '/') AND t[14] = ':'
            OR length(t) = 10 AND t[5] IN ('-', '/')
        THEN try_cast(t AS TIMESTAMP) END;
CREATE OR REPLACE MACRO minutes_later(t, minutes) AS make_timestamp(epoch_us(t) + CAST(minutes AS BIGINT) * 60000000);
CREATE OR REPLACE MACRO off_minute(t) AS t <> date_trunc('minute', t);
