"""Guards that watch a running shop (BND4xx): `install()` sets them up, `settings.GUARD_POLICY` says what they do."""
