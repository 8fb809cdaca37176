"""`manage.py demo_accounts`: somebody to sign in as, on a laptop: in the shop and in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

ADMIN_USER = "staff"
ADMIN_PASSWORD = "work-at-banyan"  # noqa: S105 everybody knows it; settings without DEMO_ACCOUNTS refuse it


class Command(BaseCommand):
    help = "Make demo customers, and a staff account for the admin; a repeat changes nothing."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("demo_customers", stdout=self.stdout)  # refuses where demo accounts are not wanted
        users: Any = get_user_model()._default_manager
        if not users.filter(username=ADMIN_USER).exists():
            users.create_superuser(ADMIN_USER, "staff@example.com", ADMIN_PASSWORD)
        self.stdout.write(f"Admin     {ADMIN_USER}                 password {ADMIN_PASSWORD}")
