"""The process that computes, from both ends of its pipe."""
