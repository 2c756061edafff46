"""Where the plain pages on the procedure, its benefits and its risks are, for whoever points to them."""

from collections.abc import Iterable
from dataclasses import dataclass

from recovery_api.packs.about_pack import TOPICS, about_pack
from recovery_api.packs.texts import LANGUAGES
from recovery_api.services.public_address import about_address


@dataclass(frozen=True, slots=True)
class AboutPage:
    """One plain page: what it is about, in which language, its title and its address."""

    topic: str
    language: str
    title: str
    url: str


def about_pages(languages: Iterable[str] = LANGUAGES) -> list[AboutPage]:
    """The pages of these languages, in their order; a language that has none is answered in the first."""
    known = [language if language in LANGUAGES else LANGUAGES[0] for language in languages]
    return [
        AboutPage(topic, language, about_pack()[language].titles[topic], f"{about_address()}/{language}/{topic}")
        for language in known
        for topic in TOPICS
    ]


def what_to_report() -> str:
    """The page that says what is usual, what is not and when to call, in the language that its reader asks for."""
    return f"{about_address()}?topic=risks"
