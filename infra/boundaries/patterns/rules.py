"""The anti-patterns: borders that hold, and modules that are none the less one lump, or many crumbs."""

from __future__ import annotations

from infra.boundaries.rules import rule

SHARED_DATABASE = rule(
    "BND501",
    title="Two modules share tables",
    why="Neither can change a column, or move its data, without the other; and what one writes breaks rules that only the other"
    " checks.",
    recipe="Decide whose table it is. The owner answers a question in its contract.py, or announces an event from which the other"
    " keeps a copy of its own; then take the other's grant, foreign key or statement away.",
)
DEEP_QUESTIONS = rule(
    "BND502",
    title="Questions inside questions",
    why="A chain is as slow as all its links together and fails when any of them does: four links of 99.9 % are down half an"
    " hour longer each week than one.",
    recipe="Let the first asker ask all of them itself, or let a module in the middle keep what it needs of the next one, from"
    " its events, so that it can answer alone.",
)
ASKING_IN_CIRCLES = rule(
    "BND503",
    title="Modules ask in a circle",
    why="They can only be deployed, tested and understood together: they are one module with a network inside.",
    recipe="Turn one of the questions into an event that the other hears, or move what both need into a module that"
    " neither asks.",
)
ECHO = rule(
    "BND504",
    title="An event leads back to where it came from",
    why="An event that makes its hearer ask the publisher carries too little, and undoes the freedom of not waiting; one that"
    " causes itself again runs until the hop limit stops it.",
    recipe="Put what hearers ask for into the event (a new field with a default, or v2). Let a handler announce only what is"
    " news: nothing when nothing changed.",
)
CHANGING_TOGETHER = rule(
    "BND505",
    title="Modules that change together",
    why="Most changes need both: two teams, two reviews and one deployment for one thought. The border is in the wrong place.",
    recipe="Look at what the shared commits changed (git log --oneline -- FOLDER_A FOLDER_B). If it is one concept, move it to"
    " one side; if it is the contract, make it wider once instead of a little each time.",
)
CHATTY = rule(
    "BND506",
    title="Many questions in one request",
    why="In one process a question costs microseconds, over a network a millisecond and a chance to fail, each.",
    recipe="Ask for all of it at once (a method that takes ids and returns a mapping), pass on what was answered instead of"
    " asking again, or keep a copy from the owner's events.",
)
REPEATED_QUESTION = rule(
    "BND507",
    title="The same question again and again in one request (N+1 over a contract)",
    why="It grows with the data: ten lines in a cart are ten round trips once the module is a service.",
    recipe="Collect the ids first and ask once; where the contract takes only one, add a method that takes many beside it.",
)
MEGA_MODULE = rule(
    "BND508",
    title="A module that is most of the system",
    why="What everything is in separates nothing: every team changes it, and it cannot leave.",
    recipe="Look for the tables that no query joins with the rest, and for use cases that only touch those: that is the next"
    " module (manage.py startmodule NAME).",
)
NANO_MODULE = rule(
    "BND509",
    title="A module too small to be one",
    why="A contract, a role, a schema and a line in every diagram for what a function does: more border than land.",
    recipe="Fold it into the module that asks it most; or make it a library in infra, if it remembers nothing and"
    " decides nothing.",
)
NO_VERSION = rule(
    "BND510",
    title="An address without a version",
    why="Clients that you cannot deploy rely on it, so it can never change again.",
    recipe="Serve it below /vN/ (path('api/v1/...')). Contracts and events carry theirs in their names: orders.order_placed.v1.",
)
COMMAND_WITHOUT_KEY = rule(
    "BND511",
    title="A command that cannot be repeated",
    why="When its answer is lost nobody knows whether it happened: asking again may do it twice, not asking may"
    " leave it undone.",
    recipe='Give it a key that the asker makes up: @command(..., key="reservation_key"), and answer a repeat with the first'
    " result.",
)
POST_WITHOUT_KEY = rule(
    "BND512",
    title="A request that commits others or moves money, and cannot be repeated",
    why="A phone that lost the answer sends it again: two orders, or money twice.",
    recipe="Put @idempotent(module=...) around the view's method, and use idempotency_key(request) as the key of what it does.",
)
BESIDE_THE_INBOX = rule(
    "BND513",
    title="Work handed over beside the inbox",
    why="A broker delivers twice, late, or never. Only what comes through the inbox takes effect exactly once and in order.",
    recipe="Publish an event and handle it with @subscribe, in the module itself if nobody else needs it; for work by the clock"
    " declare it with @periodic.",
)
