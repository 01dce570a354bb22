"""How many tiles of a map are computed, and how many are shown."""

TILES_OF_A_TASK = 100  # Tiles that one task computes at most: each needs its place in an order of a few kB
LOOKED_AT = 32  # A tile that somebody looks at is worth as much more as a border of this many boxes, from side to side
SHORT_SECONDS = 60.0  # The shortest tasks of a map that has too few tiles for all cores
DEEP_TURNS = 2  # Tasks for each core for which tiles that no number needs wait, behind those that one needs
AHEAD_SECONDS = 600.0  # Work in tiles that waits for each idle core: what is drawn next does not change what is wanted
SHARE_OF_WORK = 0.25  # Share of the waiting work for tiles of registered numbers while other questions wait too
TILES_OF_A_ROUND = 20_000  # Tiles that one round orders at most
REPLICATES = 16  # How many of the first replicates a map shows together
RECENT_PICTURES = 6  # New pictures of maps that a page shows
RECENT_TILES = 64  # The newest tiles of a map, of which the deepest is shown
RECENT_HOSTS = 20  # Computers of one volunteer that are looked through for pictures
RECENT_TASKS = 100  # The last tasks of each of these computers that are looked through
# Share of pixels in which a tile may differ from its parent: true tiles of trainability differ by 0.013 at most
APART_SHARE = 0.05
APART_PIXELS = 4  # Pixels that may differ besides: an island may be as large as a pixel of the parent
