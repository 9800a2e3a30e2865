-- The letters of the kernel's taint, in percent of the hosts of either group whose taint is known.
-- Engines round a half up or to even: percent are rounded by FLOOR, which is the same in all.
SELECT name AS letter,
       FLOOR(1000.0 * affected_with / (affected_with + affected_without) + 0.5) / 10 AS percent_of_affected,
       FLOOR(1000.0 * healthy_with / (healthy_with + healthy_without) + 0.5) / 10 AS percent_of_healthy
FROM contingency
WHERE kind = 'taint'
  AND affected_with + affected_without > 0 AND healthy_with + healthy_without > 0
ORDER BY percent_of_affected DESC, name;
