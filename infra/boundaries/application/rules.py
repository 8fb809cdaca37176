"""The rules of the application layer: what a loaded Django project shows and its source text does not."""

from __future__ import annotations

from infra.boundaries.rules import rule

_KEEP_THE_ID = (
    "Keep the id as a plain column (item_id = UUIDField()), copy what must stay true, ask the rest by contract, and hear"
    " the event of its end."
)
_ROWS = "It reads and writes another module's rows past its rules, and fails on the day that the rows have moved."

# --- Relations ---

FOREIGN_KEY = rule(
    "BND201",
    title="A relation leads to another module's model",
    why="Two modules that share a relation share a transaction, a schema and a deploy: neither can change its rows or leave.",
    recipe=_KEEP_THE_ID,
)
MANY_TO_MANY = rule(
    "BND202",
    title="A many-to-many relation or its table between lies over a border",
    why="The table between belongs to nobody: both modules write it, and neither can be moved with it.",
    recipe="Keep the pairs in a table of the module that decides about them, with the other's ids as plain columns.",
)
USER_MODEL = rule(
    "BND203",
    title="A relation to the project's user model",
    why="Through the user table every module hangs together with every other; accounts are one module's, or the platform's.",
    recipe="Keep the id of who acted (actor_id = UUIDField()) and the name as it was; ask who it is by contract.",
)
GENERIC_RELATION = rule(
    "BND204",
    title="A relation by content type",
    why="It can lead to any model of any module, and the numbers of content types differ from database to database.",
    recipe="Keep a plain id, and beside it a word of your own for what it means (kind = 'order'); ask the owner by contract.",
)
REVERSE_ACCESSOR = rule(
    "BND205",
    title="A module's model leads back into another module",
    why="With the accessor and in look-ups (item.sale_set, filter(sale__...)) a module reads another's rows without any import.",
    recipe="Take the relation away; until then hide it: related_name='+'.",
)

# --- Models and their tables ---

INHERITANCE = rule(
    "BND206",
    title="A model inherits from another module's model",
    why="Each of its rows is partly the other's, and a new field there is a migration here.",
    recipe="Write the fields that this module needs itself, and keep the other's id as a plain column.",
)
PROXY = rule(
    "BND207",
    title="A proxy of another module's model",
    why=f"A proxy is the other's table under a name of one's own. {_ROWS}",
    recipe="Ask by contract, or keep a read model of your own that events fill.",
)
ANOTHERS_TABLE = rule(
    "BND208",
    title="A model stands on a table that belongs to somebody else",
    why=f"Unmanaged or not, the model is a way to the other's rows that no import shows. {_ROWS}",
    recipe="Ask by contract, or keep a read model of your own that events fill.",
)
NOBODYS_TABLE = rule(
    "BND209",
    title="A model stands on a table that no manifest names",
    why="Nobody knows who fills, guards or moves that table; under an unmanaged model it may be a view over another's rows.",
    recipe="Name the table in `tables` of the manifest of the module that owns it; if that is another one, ask by contract.",
)
TWO_ON_ONE_TABLE = rule(
    "BND210",
    title="Models of two modules stand on one table",
    why="Both write it and neither owns it: the shared database in one table.",
    recipe="Decide whose table it is, name it in that manifest, and let the other module ask by contract.",
)
ANOTHERS_LABEL = rule(
    "BND211",
    title="A model's code is one module's and its app_label another's",
    why="The label decides over alias, schema and migrations: the code reads and writes another module's tables as its own.",
    recipe="Take app_label out, or move the model into the module that owns its table.",
)
FOREIGN_PART = rule(
    "BND212",
    title="A model carries code of another module",
    why="A method, manager, default or validator that another module hangs on a model runs inside its owner's transactions and"
    " migrations, and its owner does not know.",
    recipe="Write it as a function in the module that needs it, over what the contract answers.",
)
ROUTED_ELSEWHERE = rule(
    "BND213",
    title="A model is routed to, or migrated into, another module's database",
    why="Its rows then stand where another module's role and backup rule, and stay behind when either of both moves.",
    recipe="Send each module's models to its own alias alone: DATABASE_ROUTERS = ['infra.databases.router.ModuleRouter'].",
)
APP_WITHOUT_MANIFEST = rule(
    "BND214",
    title="An app beside the modules has no manifest",
    why="What no manifest names has no owner, no grants and no rules: everything may reach it, and it may reach everything.",
    recipe="Give it a manifest.py (manage.py startmodule shows one), or put it into the module that it belongs to.",
)

# --- Migrations ---

MIGRATION_EDGE = rule(
    "BND220",
    title="A migration waits for, runs before or replaces another module's",
    why="Two modules whose migrations have one order cannot be deployed, or be given a database of their own, one by one.",
    recipe="Take the dependency out; what needs it is a relation or a model of the other module, to be cut first. To move"
    " data from one module to another, publish it or write a command that asks by contract.",
)
MIGRATION_ELSEWHERE = rule(
    "BND221",
    title="A module's migrations stand in another module",
    why="One module then changes another's tables by a file that only the first one's owner sees.",
    recipe="Move the migration into its own module's folder, and take the entry out of MIGRATION_MODULES.",
)
MIGRATION_REACHES = rule(
    "BND222",
    title="A migration runs another module's code or touches its tables",
    why="It works once, on the day that it was written: the other module's code and tables change, and old migrations do not.",
    recipe="Copy the function into the migration; ask for another module's data by contract, in a command that runs once.",
)

# --- Signals ---

FOREIGN_SENDER = rule(
    "BND225",
    title="A receiver listens to another module's model or class",
    why="It runs inside the other's transaction, can fail it, and falls silent on the day that the module leaves the process.",
    recipe="Subscribe to an event of that module's events.py; if there is none for this, its owner publishes one.",
)
FOREIGN_SIGNAL = rule(
    "BND226",
    title="A receiver is connected to another module's signal",
    why="A Django signal is a call in the sender's transaction and process; it does not survive an extraction, nor a failure.",
    recipe="Make it an event: the sender publishes, the receiver subscribes.",
)
EVERYBODYS_SIGNAL = rule(
    "BND227",
    title="A module's receiver hears the signal of every module",
    why="Without a sender it runs at each row, migration or task of the whole project, inside other modules' transactions.",
    recipe="Name the module's own model: @receiver(post_save, sender=Item). For others' news subscribe to their events.",
)

# --- Tasks ---

TASK_NAME = rule(
    "BND230",
    title="A task's name does not begin with its module's",
    why="A task is addressed by name: under a foreign name it hides another's, and callers do not see whom they ask.",
    recipe='Begin the name with the module: @shared_task(name="stock.count"), or leave it to Celery.',
)
TASK_QUEUE = rule(
    "BND231",
    title="A task goes through a queue that is not its module's",
    why="Modules that share a queue wait for each other, and their workers must hold the code of both.",
    recipe="Route it to a queue that the module's manifest names (`queues`).",
)
PERIODIC_ELSEWHERE = rule(
    "BND232",
    title="A module's work by the clock is another module's code",
    why="It runs with one module's role and code of another, and is forgotten when one of them leaves.",
    recipe="Declare it in the tasks.py of the module whose rows it works on.",
)

# --- Addresses ---

ANOTHERS_ADDRESS = rule(
    "BND235",
    title="An address below a module's prefix is answered by somebody else",
    why="Once that module is a service, the proxy in front sends the address there, where nobody answers.",
    recipe="Move the view below a prefix of its own module; what it needs of the other it asks by contract.",
)
URL_NAME = rule(
    "BND236",
    title="Two modules use one URL name or namespace",
    why="reverse() takes whichever was included last: links lead into the wrong module, depending on an order in a list.",
    recipe='Give each urls.py its module\'s own name: app_name = "stock".',
)

# --- Templates and static files ---

TEMPLATE_FOLDER = rule(
    "BND240",
    title="A module's templates stand outside its own folder",
    why="Django takes the first template of a name that it finds: this one shadows another's, or is shadowed, by app order.",
    recipe="Move it to templates/<module>/ and name it so where it is rendered.",
)
STATIC_FOLDER = rule(
    "BND241",
    title="A module's static files stand outside its own folder",
    why="collectstatic keeps one file of each name; which one depends on the order of apps.",
    recipe="Move them to static/<module>/.",
)
TAG_LIBRARY = rule(
    "BND242",
    title="A template tag library has another's name",
    why="{% load %} takes the last one of a name: the other module's templates then run this module's code.",
    recipe="Name the file after its module: templatetags/stock_prices.py.",
)
TEMPLATE_REACHES = rule(
    "BND243",
    title="A template uses another module's template, tags, address or files",
    why="It breaks when the other renames its own files, and cannot be rendered where the other module is not.",
    recipe="Give the template what it shows as values, links included; layouts that all share belong below the modules.",
)

# --- Admin, serializers, forms, views ---

ADMIN_OF_FOREIGN = rule(
    "BND245",
    title="An admin page for another module's model",
    why=f"An admin page is a reader and writer of the table. {_ROWS}",
    recipe="Leave it to the owner's admin.py, or show what the contract answers on a page of your own.",
)
ADMIN_REACHES = rule(
    "BND246",
    title="An admin page reaches over a border",
    why="Inlines, auto-completion, columns, filters and searches join the other module's tables.",
    recipe="Show the plain id with a link, or a column that asks by contract for the whole page at once.",
)
FOREIGN_META_MODEL = rule(
    "BND250",
    title="A serializer, form or filter is made from another module's model",
    why="Its fields follow the other's columns, so that a migration there changes an interface here; and it saves rows there.",
    recipe="Name the fields explicitly (serializers.Serializer, forms.Form), filled from what the contract answers.",
)
FOREIGN_FIELD = rule(
    "BND251",
    title="A serializer or form holds another module's serializer, field or rows",
    why="A nested serializer and a choice among rows load another module's rows, often one query per line.",
    recipe="Take plain values: the id, and what the contract answers for all ids at once.",
)
FOREIGN_VIEW_PART = rule(
    "BND252",
    title="A view is made of another module's parts",
    why="Its queryset, model, serializer, form, permission or template is another module's inner matter and changes with it.",
    recipe="Ask by contract in the view and render with parts of this module.",
)

# --- Commands and wiring ---

SHADOWED_COMMAND = rule(
    "BND255",
    title="A management command has another's name",
    why="Only the last one of a name can be called: operators run another command than they read about.",
    recipe="Rename it; begin with what the module calls the thing: count_stock.",
)
FOREIGN_FIXTURE = rule(
    "BND256",
    title="A module's fixture fills another module's tables",
    why="It names the other's columns, and loaddata writes them past all of its rules.",
    recipe="Let each module load its own rows; a command of the composition root may call one after the other.",
)
CONTRACT_ELSEWHERE = rule(
    "BND260",
    title="A contract is answered by another module's code",
    why="The module whose name it carries does not decide over its answers, and takes none of them along when it leaves.",
    recipe="Provide it from the module that it is named after: provide(...) with a class of its service.py.",
)
HANDLER_ELSEWHERE = rule(
    "BND261",
    title="A module's event handler is another module's code",
    why="It runs in one module's transaction, under its role, with the other's code: it writes rows that are not its own.",
    recipe="Move the handler into handlers.py of the module whose rows it changes; do not name another `consumer`.",
)
DECLARED_ELSEWHERE = rule(
    "BND262",
    title="A contract or event is declared in another module than its name says",
    why="Whoever owns the name decides over its form; a form that stands elsewhere is changed by somebody else.",
    recipe="Move the class to contract.py or events.py of the module that its wire name begins with.",
)

# --- What is done to the whole process ---

PROCESS_WIDE = rule(
    "BND265",
    title="A module's code is installed for the whole process",
    why="It runs in every module's requests, and all of them change on the day that the module leaves.",
    recipe="Move it to the plumbing below the modules or to the composition root; or do it in the module's own views.",
)
ANOTHERS_SETTING = rule(
    "BND266",
    title="A module reads another module's setting",
    why="A setting is its module's inner matter: in a service of its own it is not there, or says something else.",
    recipe="Ask by contract for what follows from it, or give this module a setting of its own.",
)
ANOTHERS_PERMISSION = rule(
    "BND267",
    title="A module asks for another module's permission",
    why="Permissions are rows about another module's models; they are renamed with it and stay behind when it leaves.",
    recipe="Declare a permission of this module, or ask by contract whether the action is allowed.",
)

# --- What is held in memory, however it came there ---

MODEL_HELD = rule(
    "BND270",
    title="A module holds another module's model",
    why=f"However it came there, by import, by name or by a computed string, it is a way to the other's rows. {_ROWS}",
    recipe="Ask by contract, or keep a read model of your own that events fill.",
)
INTERNALS_HELD = rule(
    "BND271",
    title="A module holds another module's internals",
    why="A function, class or file that is not public changes without notice and is not there when its module has left.",
    recipe="Import only the other's contract and events; what is missing there, its owner adds.",
)
PLATFORM_MODEL_HELD = rule(
    "BND272",
    title="A module holds a model of the platform",
    why="Staff accounts, sessions and content types stand in the platform's schema, which the module's role may not read.",
    recipe="Keep ids as plain values; let the composition root or a contract answer who or what they are.",
)
