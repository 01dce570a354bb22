"""How columns are usually called: seeds, measures, arms, designs, and what programs write for themselves."""

import re

# English, German and French; of other languages only the structure tells.
SEEDS = re.compile(r"seed|random.?state|startwert|zufall|keim|graine|germe", re.IGNORECASE)
ALSO_SEEDS = re.compile(r"(?:.*[._ ])?(?:rep|repeat|replicate|repetition|trial|fold|split|run|lauf)s?", re.IGNORECASE)
MEASURES = re.compile(
    r"acc|score|rew|return|loss|err|f1|auc|auroc|bleu|rouge|ppl|perplex|pr[eé]cision|recall|mse|rmse|mae|r2|iou|map\b|"
    r"time|success|win|value|fid|dice|regret|genauigkeit|treffer|verlust|fehler|belohnung|exactitude|perte",
    re.IGNORECASE,
)
LESS_LIKELY = [re.compile(words, re.IGNORECASE) for words in ("train", "loss|verlust|perte|time")]
ARMS = re.compile(
    r"m[eé]thod|mod[eè]l|algo|arm|optim|variant|group|gruppe|condition|setting|treatment|agent|policy|system|approach|"
    r"verfahren|ansatz|approche|name",
    re.IGNORECASE,
)
DESIGNS = re.compile(r"design|game|env|task|data|spiel|aufgabe|daten|jeu|t[aâ]che|donn[eé]es", re.IGNORECASE)
BOOKKEEPING = re.compile(
    r"tags\.mlflow\..*|(?:.*[./])?_*(?:(?:run|experiment|sweep|job)?_?id|run_?time|duration|timestamp|created|updated|"
    r"(?:start|end)[_ ]time|(?:global_|env_)?step|epoch|iteration|schritt|epoche|[eé]poque|it[eé]ration|user|notes|"
    r"tags|sweep|index|unnamed.*|)",
    re.IGNORECASE,
)
