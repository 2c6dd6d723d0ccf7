"""Feeds of publishers: RSS, Atom, JSON Feed and news sitemaps, polled as often as they have something new.

`reading` makes items of whatever a site sends, in a process of its own; `identity` says which of them are the same;
`keeping` makes articles of them. `schedule` says when a feed is asked again, `folder` remembers what is known of it,
and `poller` does all that, for as long as the service runs.
"""
