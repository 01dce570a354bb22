"""A host in small, for cells that are computed without a runner: who hears them, and who keeps their state."""


class Notebook:
    def __init__(self):
        self.fingerprints = []
        self.fractions = []

    def early(self, values):
        self.fingerprints.append(values)

    def progress(self, fraction):
        self.fractions.append(fraction)


class Shelf:
    """Keeps every state that is due, and gives back what it was made with."""

    def __init__(self, state=b"", due=lambda _count: True):
        self.state, self.due = state, due
        self.asked, self.states = 0, []

    def kept(self):
        return self.state

    def is_due(self):
        self.asked += 1
        return self.due(self.asked)

    def keep(self, state):
        self.states.append(state)
