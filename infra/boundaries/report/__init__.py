"""One report of what all layers find: gathered here, told as text, JSON, SARIF or GitHub annotations."""
