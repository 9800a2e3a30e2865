-- Whose kernels the hosts of either group run.
SELECT name, affected_with, affected_without, healthy_with, healthy_without
FROM contingency
WHERE kind = 'distribution'
ORDER BY affected_with DESC, name;
