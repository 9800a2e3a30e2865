-- The letters of the kernel's taint, in percent of the hosts of either group whose taint is known.
SELECT name AS letter,
       ROUND(100.0 * affected_with / (affected_with + affected_without), 1) AS percent_of_affected,
       ROUND(100.0 * healthy_with / (healthy_with + healthy_without), 1) AS percent_of_healthy
FROM contingency
WHERE kind = 'taint'
  AND affected_with + affected_without > 0 AND healthy_with + healthy_without > 0
ORDER BY percent_of_affected DESC, name;
