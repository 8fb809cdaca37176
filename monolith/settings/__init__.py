"""The settings of the single web app: `development`, `test` and `production` over `base`, the only reader of the environment."""
