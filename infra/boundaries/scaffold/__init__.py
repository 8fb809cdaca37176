"""Making a new module: the files that it begins with."""
