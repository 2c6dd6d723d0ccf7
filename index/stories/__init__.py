"""Stories: the articles that report one event, in whatever language, grouped as they come.

`grouping` has the arithmetic, `assigning` puts every article into a story and thinks stories over that have grown,
`reconciling` sees to it that ids last. `library` answers questions about stories.
"""
