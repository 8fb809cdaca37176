import pytest
from django.conf import settings
from django.db import ProgrammingError, connections

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("alias", settings.ALIASES)
def test_a_serving_role_is_no_superuser_and_has_no_ddl(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)

        with pytest.raises(ProgrammingError, match="permission denied|no schema"):
            cursor.execute("CREATE TABLE planted (id int)")
