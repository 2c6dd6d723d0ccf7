"""Who may do what: keys, the file that they are in, and what a route needs."""
