"""Awards, bookings, balances and tariffs."""
