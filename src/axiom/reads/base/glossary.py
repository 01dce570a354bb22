"""What the words on the pages mean, for somebody who reads them for the first time."""

WORDS = {
    "Block": "Repetitions that enter evidence together, once the slowest of them is back. So quick answers do "
    "not lead.",
    "Cell": "One run of an experiment: one configuration with one seed.",
    "Claim": "The sentence that is put to the test. It is registered before its first replicate is issued, and may "
    "turn out false.",
    "Configuration": "One setting of everything that an experiment varies, such as the width of a network.",
    "Control": "A comparison in which nothing should be found, or in which an effect was planted that must be found.",
    "Design": "The set of configurations at which a question is asked. A finding that holds in several designs "
    "reaches further.",
    "e-value": "How many times better the data fit an effect than none, whoever looks and however often. 20 "
    "means that evidence like this comes up without an effect at most once in 20 times.",
    "Estimand": "The number that answers a question: a difference between two arms, a slope, a correlation, an "
    "exponent.",
    "Experiment": "A question with the code that answers it: what varies, what is measured, what is concluded.",
    "Finding": "A registered claim and what is believed of it now: verdict, interval and grade.",
    "Grade": "How far the evidence carries: Awaiting, Moderate, Strong or Definitive. Repetitions, computers, "
    "volunteers and platforms earn it, never one large number.",
    "Host": "A computer that computes.",
    "Interval": "Where the true number lies, with 95 % certainty, however often one looks.",
    "Prediction": "What somebody expects of a question, with chances, before its data; it is informed where a run of "
    "anything that computes the same, or nearly so, was recorded here before, and blind otherwise. It is scored once "
    "the question is answered: the Brier score is 0 for who was sure and right, and 2 for who was sure "
    "and wrong.",
    "Proposal": "A question that waits for an answer: shall it be asked?",
    "Registration": "The record of what was asked, signed and chained before the first result, so that nobody can "
    "choose the question after the answer.",
    "Replicate": "One independent repetition: the same experiment from another random seed.",
    "Rival": "An explanation that expects another number. A question is worth asking when the two differ.",
    "Session": "The log of what the laboratory decided and why, held by its autopilot, a language model or a person.",
    "Task": "A piece of work that one computer is given, signed by the laboratory. BOINC calls the order "
    "behind it a workunit.",
    "Verdict": "What the interval says: an effect on one side or the other, none that matters, or not decided "
    "yet. “Mixed”: it depends on the design.",
}
