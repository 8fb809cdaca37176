"""The rules of the static layer. Each says in its last words what source text cannot show, and which layer sees that."""

from __future__ import annotations

from infra.boundaries.rules import rule

_ASK = "Ask its contract, hear its events, or keep an own copy of what its events say"
_ROLE = "the database refuses it to the module's role (BND3xx)"

# --- Imports ---

IMPORT = rule(
    "BND101",
    title="Import of another module's internals",
    why="Internals change without notice, and are not there once their module is a service. Names that are computed are not"
    " seen here (BND106).",
    recipe=f"{_ASK}. If neither has what you need, agree with its owner (manifest.py) on a new question or event.",
)
LATE_IMPORT = rule(
    "BND102",
    title="Import of another module's internals inside a function",
    why="It is the same dependency, only found later: at the first call, in production. Names that are computed are not seen"
    " here (BND106).",
    recipe=f"{_ASK}. An import was put into a function because of a circle? Then the circle is the defect: turn one of the"
    " two questions into an event.",
)
TYPING_IMPORT = rule(
    "BND103",
    title="Import of another module's internals for type checking",
    why="Who names another module's types in signatures receives its objects, and breaks with them. That such an object"
    " really crosses, the run-time guard sees (BND4xx).",
    recipe="Name the contract's own dataclass in the signature, or define the few fields that you need.",
)
CHAIN = rule(
    "BND114",
    title="Another module's internals reached through its package",
    why="`import shop.orders` and then `orders.models.Order` is an import of internals that import checkers do not see."
    " A package handed on as a value is not followed here; the run-time guards see what it yields (BND4xx).",
    recipe="Import contract or events by their own names; do not import another module's package.",
)
RE_EXPORT = rule(
    "BND115",
    title="Internals handed out by a public file",
    why="What contract.py, events.py or a package's __init__ imports of the inside, others use as if it were public: models"
    " leave the module through the front door. Objects that a method returns are seen by the run-time guard (BND4xx).",
    recipe="Define what crosses as frozen dataclasses in contract.py, and let service.py translate.",
)
NOT_EMPTY = rule(
    "BND116",
    title="A module's __init__.py that does something",
    why="Whoever imports the contract runs it, and whatever it binds looks public. What apps.py does at start-up is seen when"
    " the application is loaded (BND2xx).",
    recipe="Leave one docstring in it. Registration belongs into apps.py, names into contract.py or events.py.",
)
FROM_ABOVE = rule(
    "BND128",
    title="A composition root reaches into a module's inside",
    why="The root starts modules and mounts their addresses; if it needs more, the build breaks as soon as the module lives"
    " elsewhere. Dotted paths in settings are what it may name; that they resolve, Django's checks see (BND2xx).",
    recipe="Ask the contract with resolve(...Contract), or let the module bring what the root needs: apps.py, http/urls.py.",
)
UPWARDS = rule(
    "BND129",
    title="An import upwards",
    why="Plumbing that imports a module serves only this project; a module that imports the composition root cannot leave it."
    " What is passed in as a value is how it should be, and is not reported.",
    recipe="Take it as a parameter, read a setting, or let the upper side register itself at the lower one.",
)
UNDECLARED = rule(
    "BND130",
    title="A public file of a module that the manifest does not ask or hear",
    why="Service allow-lists, grants and the map follow from manifests: what is not declared is refused as soon as the module"
    " is a service. Contracts that are resolved and not asked are seen on a running shop's map.",
    recipe="Decide it with both owners, add the wire name to `asks` or `hears` in manifest.py, then: manage.py modules generate.",
)
ONE_WAY_IN = rule(
    "BND137",
    title="An import against the order inside a module",
    why="Where queries call views and models call use cases, nothing of the module can be read or moved alone. Calls through"
    " registries are not seen here.",
    recipe="Ways in (http, handlers, tasks) use use_cases and queries, those use models and gateways. A stray file belongs into"
    " the folder of what it does.",
)
PLAIN = rule(
    "BND138",
    title="A framework in a contract, an event or a manifest",
    why="They are read by processes that have no Django. What crosses at run time is checked by the contract's codec (BND4xx).",
    recipe="Move what needs the framework behind the contract: service.py.",
)

# --- Names in strings ---

GET_MODEL = rule(
    "BND104",
    title="Another module's model or app fetched by name",
    why=f"It is an import that import checkers do not see. A computed name is BND106; and {_ROLE}.",
    recipe=f"{_ASK}. In a migration, copy data through the contract or an export, never through the other's models.",
)
DOTTED_STRING = rule(
    "BND105",
    title="Another module's internals imported by a dotted string",
    why=f"It is an import that import checkers do not see. A computed string is BND106; for rows, {_ROLE}.",
    recipe="Import contract or events openly. If the path is a setting, let the composition root resolve it and hand it in.",
)
COMPUTED = rule(
    "BND106",
    title="Something fetched by a name that is computed (cannot be proven)",
    why="No reader can tell what it reaches, so it may be another module. For models the loaded application tells (BND2xx),"
    f" and {_ROLE}.",
    recipe="Write the name out. If an operator chooses it in settings, use infra.boundaries.loading.configured(path,"
    " module=...), which refuses at run time what belongs to another module.",
)
COMMAND = rule(
    "BND135",
    title="Another module's management command called",
    why="A command is a way in for people; its arguments and output are no contract, and it is not there once the module left."
    " Commands started as processes are not seen here.",
    recipe="Ask for a command in its contract (@command), or publish an event that it hears.",
)
PERMISSION = rule(
    "BND136",
    title="Another module's permission named",
    why="Permissions follow the names of models, so this breaks when a model is renamed, and asks rows of another's schema."
    " Names that are computed are not seen here.",
    recipe="Check an own permission, or let the other module decide in its contract's method.",
)
KNOWN_BELOW = rule(
    "BND127",
    title="The plumbing knows a module by name",
    why="Plumbing that knows a name works for this project and no other, and has to be edited for every new module. Names that"
    " it reads from manifests or settings are how it should be, and not reported.",
    recipe="Take the name as a parameter, from a manifest or from a setting.",
)
OTHERS_NAME = rule(
    "BND133",
    title="Something registered in another module's name",
    why="A task, subscription or contract in another's name runs under its role and in its schema, and leaves with neither."
    " Registrations by computed names are seen in the loaded application (BND2xx).",
    recipe="Register it in the own module's name, or move it to the module whose work it is.",
)

# --- Rows ---

RELATION = rule(
    "BND107",
    title="A relation to another module's model",
    why="It becomes a foreign key between two schemas, joins and cascades: the two can no longer part. Relations made at run"
    f" time are seen in the loaded application (BND2xx), and {_ROLE}.",
    recipe="Keep the id (UUIDField), and a snapshot of what must stay true. Hear its events for what changes or goes.",
)
USER_RELATION = rule(
    "BND108",
    title="A relation to the user model of another module",
    why="Every row is then tied to the accounts' table, which is why accounts can never move. Where the name is computed, the"
    f" loaded application shows it (BND2xx), and {_ROLE}.",
    recipe="Keep the account's id, and the name as it was at that time if people must read it.",
)
LOOKUP = rule(
    "BND120",
    title="A look-up or accessor over a relation to another module",
    why="It is a join over a border: as slow, as tight and as impossible after a move as the relation itself. Only relations in"
    f" the source are known here; {_ROLE} for all others.",
    recipe="Filter by ids that a contract answered, or by an own copy kept by events.",
)
SHADOW = rule(
    "BND132",
    title="A second model on another module's table",
    why=f"It reads and writes behind the owner's back, without its rules. Tables named at run time: BND2xx; and {_ROLE}.",
    recipe=f"{_ASK}.",
)
CONTENT_TYPE = rule(
    "BND125",
    title="Another module's model as a content type",
    why=f"It names the model, and its table by way of generic keys. Computed names are BND106 or seen loaded (BND2xx); {_ROLE}.",
    recipe="Store a kind of your own words ('product') and the id.",
)
GENERIC = rule(
    "BND126",
    title="A generic relation, which may point into any module",
    why="Nothing says which modules it reaches, today or tomorrow, and the table of content types is nobody's own. What is"
    " really stored, the loaded application and the rows tell (BND2xx).",
    recipe="Store a kind of your own words and the id; or one nullable column per thing of your own.",
)
SQL = rule(
    "BND109",
    title="SQL that names another module's table",
    why="A rename there breaks the query here, at run time. SQL put together from computed names is not seen here; the"
    " statement guard in tests sees it (BND4xx), and the database refuses it to the module's role (BND3xx).",
    recipe=f"{_ASK}; a report over several modules reads its own copy.",
)
MIGRATION = rule(
    "BND117",
    title="A migration tied to another module's",
    why="Two histories become one: neither module can be migrated, moved or thrown away alone. Dependencies that Django adds"
    " itself are seen in the loaded graph (BND2xx).",
    recipe="Remove the dependency with the relation or query that needs it.",
)
ALIAS = rule(
    "BND122",
    title="Another module's database used",
    why="It takes the other's role, and with it all its rights: no other border holds then. Without an alias Django takes"
    " `default`, which is nobody's. Computed aliases are seen by the statement guard (BND4xx).",
    recipe="Name the module's own alias: transaction.atomic(using=...), connections[...]. For others' rows ask their contract.",
)
TRANSACTION = rule(
    "BND119",
    title="A transaction held open over a question to another module",
    why="Rows stay locked for as long as the other takes, and what it did is not undone when this rolls back. Only what stands"
    " in the block or one function of this file away is seen here; the call guard sees all (BND4xx).",
    recipe="Ask before the transaction opens, then write and publish in a short one. What must happen after is an event.",
)

# --- Everything else that has a name ---

TASK = rule(
    "BND110",
    title="Another module's task or queue named",
    why="A task's name and arguments are no contract: a rename loses work without an error. Names put together at run time"
    " are BND106; the loaded registry shows whose a task is (BND2xx).",
    recipe="Publish an event that the other module hears, or ask a command of its contract.",
)
ADDRESS_NAME = rule(
    "BND111",
    title="Another module's address looked up by name",
    why="The name is not known in this process once the module left, and the page breaks. Namespaces that are computed are"
    " seen in the loaded URL patterns (BND2xx).",
    recipe="Let the contract's answer carry the link, or let the composition root make it.",
)
ADDRESS_PATH = rule(
    "BND134",
    title="Another module's address written out",
    why="It asks over HTTP what the contract asks, without its types, deadline and allow-list. Addresses put together from"
    " parts are not seen here; tracing of outgoing requests shows them.",
    recipe="Ask the contract; or let its answer carry the link.",
)
TEMPLATE = rule(
    "BND112",
    title="Another module's template or static file used",
    why="Templates need their own context and tags; the page breaks with a change there. Names that are computed are not seen"
    " here; a missing one fails in the tests of that page.",
    recipe="Put what is common into the composition root's or the plumbing's templates, and copy the rest.",
)
TAGS = rule(
    "BND113",
    title="Another module's template tags loaded",
    why="A tag runs the other module's code and queries while this one's page is rendered. Libraries that settings make"
    " built-in are seen in the loaded application (BND2xx).",
    recipe="Fetch the data in the view through the contract, and hand it to the template.",
)
SIGNAL = rule(
    "BND118",
    title="Another module's saves or signals listened to",
    why="It runs inside the other's transaction, with its live objects, and is silent once the module left. Receivers that are"
    " connected by computed names are seen in the loaded application (BND2xx).",
    recipe="Hear its event (@subscribe), or agree with its owner on one. Receivers of own saves name their sender.",
)
PATCH = rule(
    "BND121",
    title="Another module changed from outside",
    why="The owner reads code that does not do what it says. What is changed through a value that was handed over is not seen"
    " here, nor by another layer: only values cross (BND4xx).",
    recipe="Agree with its owner on a setting, a parameter or an event.",
)
KEY = rule(
    "BND123",
    title="Another module's cache or session key used",
    why="A shared key is a shared variable: no owner, no form, no history. Keys that are computed are not seen here.",
    recipe="Begin keys with the own module's name; ask the contract for what the other knows.",
)
FILE = rule(
    "BND124",
    title="A path into another module's folder",
    why="Its files are not there once it left. Paths that are computed are not seen here; the tests without each module's"
    " internals see what is missing.",
    recipe="Ask the contract, or copy the file.",
)
UNREAD = rule(
    "BND131",
    title="A file that could not be looked into",
    why="Rules hold only where they can read.",
    recipe="Mend the file, or leave it out of the modules if it is no source.",
)
