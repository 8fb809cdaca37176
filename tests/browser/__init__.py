"""Pages in a real browser, as people use them: by keyboard, on a telephone, by night, without scripts."""
