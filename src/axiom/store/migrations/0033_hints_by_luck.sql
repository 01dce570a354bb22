-- A placebo that hinted at an effect at sixteen seeds was refused for good; it is tried at more seeds now.
DELETE FROM preflight WHERE passed = 0 AND reason LIKE 'G7, placebo: % does not show that its placebo is without effect%';
