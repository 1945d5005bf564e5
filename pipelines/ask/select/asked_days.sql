-- asked_days: since when each flag is asked. Reads flags.
SELECT flag_id, asked_on FROM flags WHERE asked_on IS NOT NULL
