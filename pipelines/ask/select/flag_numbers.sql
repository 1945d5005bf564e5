-- flag_numbers: the numbers that a flag, or the doubt of this id, rests on. Reads flags, doubts. Parameter: flag.
SELECT evidence FROM flags WHERE flag_id = $flag
UNION ALL
SELECT evidence FROM doubts WHERE doubt_id = $flag
