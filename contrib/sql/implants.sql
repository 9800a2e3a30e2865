-- The same implant on several hosts: its code, texts, offsets within the page, family.
SELECT kind, name, COUNT(*) AS hosts,
       SUM(CASE WHEN cohort = 'affected' THEN 1 ELSE 0 END) AS affected,
       MIN(host) AS first_host, MAX(host) AS last_host
FROM host_conditions
WHERE kind IN ('implant-code', 'implant-strings', 'implant-offsets', 'implant-family')
GROUP BY kind, name
ORDER BY hosts DESC, kind, name;
