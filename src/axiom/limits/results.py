"""How many results are shown, summed up and exported."""

RESULTS_ON_A_PAGE = 100  # Rows on a page of results
RESULT_PAGES = 40  # Pages of results that can be turned to: later ones cost more, and the export has all
RESULT_ROWS = 10_000  # Rows in a CSV file of results at most
RESULT_ROWS_AT_ONCE = 200  # Rows of a CSV file that are made before others have a turn
RESULTS_SUMMED = 100_000  # Results of a version that its page sums up: eleven million would take half a minute
