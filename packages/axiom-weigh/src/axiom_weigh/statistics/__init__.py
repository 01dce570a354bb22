"""The arithmetic of evidence: numbers in, numbers out. What they decide is for rules to say."""
