"""What is written from the manifests into files, and whether the manifests tell the truth about the code."""
