"""The program that computes on every host: it obeys signed tickets and knows no experiment."""
