-- What was found, by check and subject, and what kernels died of: on how many hosts of either group.
SELECT kind, name, affected_with, healthy_with
FROM contingency
WHERE kind IN ('death', 'signature', 'finding')
ORDER BY affected_with DESC, healthy_with DESC, kind, name;
