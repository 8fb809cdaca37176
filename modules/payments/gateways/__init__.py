"""Payment providers: what is asked of one (`provider`), which there are (`registry`), and the one built in (`sandbox`)."""
