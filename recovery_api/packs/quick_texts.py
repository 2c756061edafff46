"""The drafts that a clinician may put into a message to a patient, by language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import filled
from recovery_api.domain.text_lint import problems
from recovery_api.packs import load_yaml
from recovery_api.packs.texts import LANGUAGES


@dataclass(frozen=True, slots=True)
class QuickText:
    """One draft: its key, what a list calls it, and its words with the clinic's values open."""

    key: str
    language: str
    title: str
    body: str

    def filled(self, values: Mapping[str, str]) -> str:
        """The words with the clinic's own name and phones. Raises MissingValue."""
        return filled(self.body, values)


@cache
def quick_texts() -> Sequence[QuickText]:
    """Every draft, in the order of the files. Raises PackError naming the first that the linter of texts refuses."""
    return tuple(
        _checked(QuickText(one["key"], language, one["title"], one["body"]))
        for language in LANGUAGES
        for one in load_yaml(f"quick_texts/{language}.yaml")["texts"]
    )


def _checked(draft: QuickText) -> QuickText:
    found = problems(draft.key, draft.language, draft.body)
    if found:
        raise PackError(f"quick_texts/{draft.language}.yaml", draft.key, "; ".join(found))
    return draft
