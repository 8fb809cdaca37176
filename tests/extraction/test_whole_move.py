"""A module leaves the whole shop and comes back, step by step, under customers, while its movers and servers are killed."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.faults.matrix.theatre import MODULE, Theatre
from tests.faults.stage.processes import send

SEED = 11


def test_a_module_leaves_and_comes_back_under_customers_and_kills(tmp_path: Path) -> None:
    with Theatre(tmp_path / "shop", SEED) as theatre:
        with theatre.customers("the whole move"):
            theatre.patiently("share")
            theatre.patiently("shift", reads=100, writes=50)
            theatre.writes_flow()

            theatre.patiently("begin_copy", carrier=False)
            theatre.stage.carrier.kill()
            theatre.stage.start_carrier()
            theatre.soon(theatre.is_copied, "the second carrier ends the copy", seconds=120)
            assert theatre.patiently("verify")["equal"]

            assert theatre.attempt("switch", fate="drain before kill").code == -signal.SIGKILL
            theatre.at_rest()
            assert theatre.where["phase"] == "dual_write", "what was not given away is taken back"
            theatre.patiently("switch")
            assert theatre.patiently("verify")["equal"]
            theatre.writes_flow()

            with theatre.workload.fault("a web process is killed"):
                send(theatre.stage.shop.workers()[0], signal.SIGKILL)
            assert theatre.attempt("reverse", fate="give after kill").code == -signal.SIGKILL
            theatre.soon(lambda: theatre.where["phase"] == "dual_write", "what was given away is gone on with")
            theatre.patiently("reverse")
            assert theatre.patiently("verify")["equal"]

            theatre.patiently("cancel")

        assert theatre.where["phase"] == "in_process"
        assert not traces_of_the_move(theatre)


def traces_of_the_move(theatre: Theatre) -> list[str]:
    """Return what is left of a cancelled move in the monolith's database and the service's."""
    found: list[str] = []
    for side in ("monolith", "service"):
        with theatre.stage.at(MODULE, side) as connection:
            found += [
                f"{side}: {row[0]}"
                for row in connection.execute(
                    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'v')"
                    " UNION ALL SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                    " WHERE c.relnamespace = to_regnamespace(%s) AND NOT tgisinternal AND tgname LIKE '%%xtr%%'"
                    " UNION ALL SELECT slot_name FROM pg_replication_slots",
                    [f"{MODULE}_xtr", MODULE],
                )
            ]
    return found
