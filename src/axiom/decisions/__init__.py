"""Why Axiom did it: facts, policy and the time in; a value with its reason out. Nothing here reads or writes."""
