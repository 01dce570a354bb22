"""What a person calls: weigh, weigh_all, compare, assert_effect, plan, and the card that they return."""
