-- Builds of the kernel, with the release that calls itself so, and how many hosts of either group run each.
SELECT r.name AS release_name, b.name AS build_id,
       SUM(CASE WHEN b.cohort = 'affected' THEN 1 ELSE 0 END) AS affected,
       SUM(CASE WHEN b.cohort = 'healthy' THEN 1 ELSE 0 END) AS healthy
FROM host_conditions b
JOIN host_conditions r ON r.host = b.host AND r.kind = 'kernel-release'
WHERE b.kind = 'kernel-build'
GROUP BY r.name, b.name
ORDER BY affected DESC, healthy DESC, r.name, b.name;
