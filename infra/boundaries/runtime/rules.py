"""The rules of the run-time layer."""

from __future__ import annotations

from infra.boundaries.rules import rule

CALL_IN_TRANSACTION = rule(
    "BND401",
    title="A contract is asked inside an open transaction",
    why="Locks and a connection are held while another module, one day another machine, answers or does not; and what it"
    " did is not undone when the transaction rolls back.",
    recipe="Ask before the transaction opens, then write and publish in one short transaction.",
)
PUBLISH_IN_FOREIGN_TRANSACTION = rule(
    "BND402",
    title="An event is published while another module's transaction is open",
    why="The two commit separately: the event may be told although the other transaction rolls back, and its locks wait.",
    recipe="Let each module write and publish in a transaction of its own; what the other is to do, it does when it hears the"
    " event.",
)
NOT_A_VALUE = rule(
    "BND403",
    title="Something other than a plain value was to cross a contract",
    why="A model, queryset, lazy object or file carries its connection and its module's inner form along: it cannot cross a"
    " network, and who changes it changes the owner's rows.",
    recipe="Answer with a frozen dataclass of the contract, filled in the module that owns the data.",
)
FOREIGN_TABLE = rule(
    "BND404",
    title="A statement names another module's table",
    why="Reading or changing another module's rows passes by its rules, and ends on the day when it has a database of its"
    " own.",
    recipe="Ask the module by its contract, or keep an own table that its events fill.",
)
FOREIGN_ALIAS = rule(
    "BND405",
    title="Code of one module runs a statement on another module's database alias",
    why="Whoever uses another's connection acts as the other: its role, its transaction, its tables.",
    recipe="Ask the module by its contract; a use case uses the alias of its own module only.",
)
CALL_BUDGET = rule(
    "BND406",
    title="One request, task or event asks too many questions",
    why="Each question is a network call once the module asked lives elsewhere: at 2 ms each, thirty are 60 ms more.",
    recipe="Ask for many at once (one call with all ids), or keep an own copy that events fill. A task that works through a"
    " list wraps each entry in `infra.contracts.journeys.one_of_many`. Else raise CONTRACT_CALL_BUDGET, with a reason.",
)
CIRCLE = rule(
    "BND407",
    title="Calls or events run in a circle",
    why="Modules that cause each other's work without an end use up all threads, and fill the outbox.",
    recipe="Follow the chain that the message shows, and let one of the steps change nothing when it is repeated.",
)
FOREIGN_EVENT = rule(
    "BND408",
    title="A module publishes another module's event",
    why="Who hears an event trusts that it happened where it says; only the owner of a fact can know.",
    recipe="Publish an event of your own that says what happened here, or give the other module a command by its contract.",
)
