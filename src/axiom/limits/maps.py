"""How many tiles of a map are computed, and how many are shown."""

TILES_OF_A_TASK = 100  # each needs its place in an order, which is a few kB long at most
LOOKED_AT = 32  # boxes: a tile that somebody looks at is worth as much more as a border from side to side
SHORT_SECONDS = 60.0  # that a task takes where the tiles that are there are few for so many cores
DEEP_TURNS = 2  # of each core, for which tiles wait that no number needs: those that one needs wait behind them
AHEAD_SECONDS = 600.0  # of a core for which tiles wait at least: what is drawn next does not change which are wanted
SHARE_OF_WORK = 0.25  # that should wait, for tiles that registered numbers need, while other questions wait too
TILES_OF_A_ROUND = 20_000  # that it orders
REPLICATES = 16  # that are looked at together, the first ones
RECENT_PICTURES = 6  # that a page shows
RECENT_TILES = 64  # of a map, the newest, among which the deepest is shown
RECENT_HOSTS = 20  # of somebody that are looked through
RECENT_TASKS = 100  # of each of them, the last ones
APART_SHARE = 0.05  # of the compared pixels; of true tiles of trainability at levels 1 to 3 0.013 were the most
APART_PIXELS = 4  # that may differ besides: an island as large as a pixel of the parent
