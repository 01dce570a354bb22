"""What can be taken away: a finding with its data, and a script that weighs it again."""
