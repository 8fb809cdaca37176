"""The shop's pages for people. For now: a start page that shows that the shop lives."""
