-- When each host reported first and last, and how often: who has been silent the longest first.
SELECT host, MIN(taken_at) AS first_report, MAX(taken_at) AS last_report, COUNT(*) AS reports
FROM reports
WHERE taken_at <> ''
GROUP BY host
ORDER BY last_report, host;
