"""Who asks and hears whom: as the manifests declare it, and as a running shop does it."""
