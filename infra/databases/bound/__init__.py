"""Django's PostgreSQL engine for aliases with several logins (infra/databases/binding.py)."""
