"""Whether a source stays inside the grammar and its bounds, and prints nothing that may be missing."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes

from services.messaging.adapters.jinja import grammar
from services.messaging.adapters.jinja.filters import FILTERS
from services.messaging.adapters.jinja.gaps import unguarded
from services.messaging.adapters.jinja.sandbox import Sandbox
from services.messaging.domain.errors import Flaw
from shared.no_such import offered

_Complaint = tuple[int, str]
_OUT_OF_RANGE = "a number out of range"


def flaws_of(sandbox: Sandbox, source: str, *, part: str) -> tuple[Flaw, ...]:
    """Everything wrong with `source`, in the order of its lines; `part` says where it stands, such as `en.html`."""
    try:
        tree = sandbox.parse(source)
    except TemplateSyntaxError as error:
        return (Flaw(part, error.lineno, error.message or "cannot be read"),)
    except (RecursionError, MemoryError):
        return (Flaw(part, 1, "nested too deeply"),)
    except ValueError:  # Python reads whole numbers of so many digits only
        return (Flaw(part, 1, _OUT_OF_RANGE),)
    complaints = sorted(set(_bounds(tree)) or {*_grammar(tree), *unguarded(tree)})
    return tuple(Flaw(part, line, reason) for line, reason in complaints)


def _bounds(tree: nodes.Template) -> Iterator[_Complaint]:
    """Checked before anything that recurses: depth, size, and the cost with every loop at its longest."""
    count = cost = 0
    pending: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while pending:
        node, depth, loops = pending.pop()
        count += 1
        cost += grammar.MAX_LIST**loops
        if isinstance(node, nodes.Compare):
            depth += len(node.ops)  # compiled, each stands inside the one behind it
        if depth > grammar.MAX_DEPTH:
            yield node.lineno, "nested too deeply"
            return
        if isinstance(node, nodes.For):
            loops += 1
        if loops > grammar.MAX_LOOP_DEPTH:
            yield node.lineno, f"loops may be nested {grammar.MAX_LOOP_DEPTH} deep"
            return
        pending.extend((child, depth + 1, loops) for child in node.iter_child_nodes())
    if count > grammar.MAX_NODES or cost > grammar.MAX_COST:
        yield 1, "too long: split it, or loop over less"


def _grammar(tree: nodes.Template) -> Iterator[_Complaint]:
    targets = {node.target.name for node in tree.find_all(nodes.For) if isinstance(node.target, nodes.Name)}
    known = grammar.VARIABLES | targets | ({"loop"} if targets else set())
    pending: list[nodes.Node] = [tree]
    while pending:
        node = pending.pop()
        if reason := _refusal(node, known):
            yield node.lineno or 1, reason
        else:
            pending.extend(node.iter_child_nodes())


def _refusal(node: nodes.Node, known: frozenset[str] | set[str]) -> str | None:
    if not isinstance(node, grammar.ALLOWED_NODES):
        reasons = (reason for kind, reason in grammar.REFUSALS.items() if isinstance(node, kind))
        return next(reasons, f"{type(node).__name__.lower()} is not allowed")
    match node:
        case nodes.Name(name=name) if name not in known:
            choice = offered(name, sorted(grammar.VARIABLES), else_meant=f"traits.{name}")
            return f"there is no variable {name}; {choice}"
        case nodes.Const(value=int() | float() as number) if not abs(number) < grammar.LEAST_TOO_LARGE:
            return _OUT_OF_RANGE
        case nodes.Filter():
            return _filter_refusal(node)
        case nodes.Test(name=name) if name not in grammar.TESTS:
            return f"there is no test {name}"
        case nodes.Getattr() | nodes.Getitem():
            return _look_up_refusal(node)
        case nodes.For():
            return _loop_refusal(node)
    return None


def _filter_refusal(node: nodes.Filter) -> str | None:
    if node.name not in FILTERS:
        return f"there is no filter {node.name}; {offered(node.name, sorted(FILTERS))}"
    if node.node is None or node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        return f"{node.name} takes its arguments in order, without names"
    wanted = {"default": 2, "d": 2, "truncate": 2, "join": 1}.get(node.name, 0)
    if len(node.args) > wanted:
        return f"{node.name} takes at most {wanted} arguments"
    if node.name == "truncate" and not _is_length(node.args):
        return "truncate takes a length from 1 to 1000, and a short ending"
    return None


def _is_length(args: list[nodes.Expr]) -> bool:
    kinds = (int, str)
    if not all(
        isinstance(arg, nodes.Const) and type(arg.value) is kind for arg, kind in zip(args, kinds, strict=False)
    ):
        return False
    values = [arg.value for arg in args if isinstance(arg, nodes.Const)]
    return (not values or 1 <= values[0] <= grammar.MAX_TEXT) and all(len(str(value)) <= 10 for value in values)


def _look_up_refusal(node: nodes.Getattr | nodes.Getitem) -> str | None:
    key = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
    if not isinstance(key, (str, int)) or isinstance(key, bool):
        return "look up by a fixed name or number"
    if isinstance(key, str) and key.startswith("_"):
        return f"names do not begin with an underscore: {key[:40]}"
    root = node.node
    if isinstance(root, nodes.Name) and root.name in grammar.ALWAYS_THERE:
        return f"{root.name} is a text: it has no fields"
    if isinstance(root, nodes.Name) and root.name == "loop" and key not in grammar.LOOP_FIELDS:
        return f"loop has {', '.join(sorted(grammar.LOOP_FIELDS))}"
    if isinstance(root, nodes.Name) and root.name == "last_purchase" and key not in grammar.LAST_PURCHASE:
        return f"last_purchase has {', '.join(sorted(grammar.LAST_PURCHASE))}"
    return None


def _loop_refusal(node: nodes.For) -> str | None:
    if node.recursive or node.test is not None:
        return "a loop is plain: {% for item in list %}"
    if not isinstance(node.target, nodes.Name) or node.target.name in grammar.VARIABLES | {"loop"}:
        return "a loop needs one name of its own"
    is_one_value = isinstance(node.iter, nodes.Name) and node.iter.name in grammar.VARIABLES
    if is_one_value or not isinstance(node.iter, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        return "a loop goes over a list of the customer's, such as last_purchase.products"
    return None
