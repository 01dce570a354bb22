"""The project server: what hands out work, takes it back, proves it and moves it on."""
