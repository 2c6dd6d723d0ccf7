"""Articles from message streams.

`source` says what a stream gives, `redis_streams` is one, `messages` reads what it gives, `consumer` takes it in.
"""
