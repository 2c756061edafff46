"""Every action that the product writes into its audit has a sentence, and no sentence is without an action."""

import ast
from collections.abc import Iterator
from pathlib import Path

import recovery_api
from recovery_api.clinic.audit_words import SENTENCES, action_sentence
from recovery_api.services import sign_rules, sign_texts
from recovery_api.services.two_signatures import Matter

PRODUCT = Path(recovery_api.__file__).parent


def calls(file: Path) -> Iterator[ast.Call]:
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source) if "audit(" in source else ast.Module([], [])
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def constants(call: ast.Call) -> Iterator[str]:
    return (one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str))


def written_actions() -> set[str]:
    """The actions of the source: those in full, the kinds of deeds about flags, and what is signed by two."""
    found: set[str] = set()
    for file in PRODUCT.rglob("*.py"):
        for call in calls(file):
            if name_of(call) in ("record_audit", "_audit"):
                found.update(constants(call))
            if name_of(call) == "_change" and file.name == "answer_flags.py":
                found.update(f"flag.{kind}" for kind in constants(call))
    matters = {
        one.name for module in (sign_rules, sign_texts) for one in vars(module).values() if isinstance(one, Matter)
    }
    return found | {f"{name}.{end}" for name in matters for end in ("proposed", "signed", "refused")}


def test_every_action_of_the_audit_has_a_sentence_and_every_sentence_an_action() -> None:
    assert written_actions() == set(SENTENCES)


def test_an_action_that_is_not_known_stays_as_it_is() -> None:
    assert action_sentence("made.up") == "made.up"
