"""Pages of other sites: what may be fetched, how it is fetched, and the article in it.

Nothing here is to be trusted: neither the address that somebody sends, nor where it leads, nor what comes back.
`addresses` and `destinations` say what may be asked at all, `connecting` connects to what was checked and to nothing
else, `fetcher` follows redirects within bounds, `robots` asks whether a site wants that, `extraction` finds the article
in a page, in a process of its own, and `pages` makes one of ours of it.
"""
