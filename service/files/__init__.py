"""Articles in files, of whatever format: each module reads one of them."""
