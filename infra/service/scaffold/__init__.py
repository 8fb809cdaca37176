"""Making the composition root of a module's service: the files of extracted/<module>/."""
