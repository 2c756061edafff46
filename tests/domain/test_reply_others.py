"""What a reply tells of somebody else, of an animal or of long ago, and what of it points to the patient after all."""

import pytest

from recovery_api.domain.replies import Reply
from recovery_api.packs.reading import reply_reader


def read(text: str, question: str = "symptoms") -> Reply:
    return reply_reader().read(text, question)


def serious(text: str) -> bool:
    return read(text).tier in ("emergency", "urgent")


@pytest.mark.parametrize(
    "text",
    [
        "my roommate at rehab fell last night, ambulance and everything. nothing new with me",
        "lady down the hall had chest pains, scared us all",
        "poor old dog cant walk anymore",
        "mi perro no puede caminar pobrecito",
        "se cayó mi vecina en la banqueta",
        "my husband fell but I did not",
        "mi esposo tiene calentura pero yo no",
        "my grandbaby has a fever of 102",
        "my daughter has a fever",
    ],
)
def test_somebody_elses_danger_raises_no_flag_but_a_person_reads_it(text: str) -> None:
    assert (read(text).tier, read(text).unread) == (None, True)


@pytest.mark.parametrize(
    "text",
    [
        "my dog pulled me and I fell",
        "my husband says my legs are weak",
        "my husband fell this morning",
        "my daughter can't feel her legs",
        "neighbor found her on the floor",
        "la vecina me encontró en el suelo",
        "my grandson has a fever, me too",
        "my sister has a fever and now I do too",
        "mi nieta tiene fiebre y yo tambien",
        "roommate fell and so did I",
        "me and my dog cant walk anymore",
        "lifted a bag of dog food and felt a pop",
        "this is the neighbor, she wont wake up",
        "no puedo respirar la vecina viene",
        "my neighbor killed himself and I want to die",
    ],
)
def test_a_word_that_points_to_the_patient_keeps_the_flag(text: str) -> None:
    assert serious(text)


def test_the_score_of_somebody_else_is_never_the_patients() -> None:
    scores = {
        "roommate is a 9 and wont quit moaning, me Im a 3": 3,
        "mi esposo dice que el 8, yo 4": 4,
        "the lady next to me says 10, I say 2": 2,
        "roommate in bed 2 says hers is a 9": None,
        "my friend came by today. 3": 3,
        "my husband says 6": 6,
    }
    assert {text: read(text, "pain").pain for text in scores} == scores


def test_what_was_before_the_procedure_is_over_unless_it_is_back() -> None:
    for text in (
        "I had the weak legs before they did the cement, not since",
        "antes de la operacion tenia las piernas debiles, ya no",
        "fell 2 years ago thats how all this started, nothing new now",
    ):
        assert (read(text).tier, read(text).intent, read(text).unread) == (None, "symptoms", True), text
    for text in (
        "same weak legs as before surgery, back again",
        "legs were weak before the surgery and still weak now",
        "fell 2 years ago and again this morning",
        "never had numb legs before, now I do",
        "I could pee before surgery but not since",
        "antes de la cirugia no tenia las piernas debiles",
        "podia sentir los pies antes de la operacion, ya no",
    ):
        assert serious(text), text


def test_what_only_sounds_like_a_danger_does_not_hide_the_danger_beside_it() -> None:
    pairs = {
        "mind is numb from daytime tv": "my butt is numb from watching tv",
        "5 in the chair 7 getting out of it": "she is really out of it",
        "no tenemos aire acondicionado": "no tengo aire me ahogo",
        "estamos a 102 grados en Laredo": "tengo 39 grados",
        "tiene la fiebre del mundial": "fiebre y no es del mundial",
        "no siento nada raro en las piernas": "no siento nada de las rodillas para abajo",
        "I can feel my feet just fine": "I can feel my feet but they're weak",
        "Insurance company is a bigger headache than my back": "bigger headache than I ever had",
        "no se donde esta mi cita": "no sabe ni donde esta",
    }
    assert [text for text in pairs if serious(text)] == []
    assert [text for text in pairs.values() if not serious(text)] == []


@pytest.mark.parametrize(
    ("text", "symptoms"),
    [
        ("A no B no C no D no E no F no", set()),
        ("a-no b-no c-no", set()),
        ("no to A thru F", set()),
        ("no a la A, no a la B", set()),
        ("A no B yes C no", {"bladder_bowel"}),
        ("a no b no c si", {"fever"}),
        ("No, A", {"leg_weakness"}),
        ("A. No B", {"leg_weakness"}),
        ("A, no B, no C", {"leg_weakness"}),
        ("A no B no C", {"leg_weakness", "fever"}),  # not clear: reported
    ],
)
def test_a_list_of_letters_is_read_letter_by_letter(text: str, symptoms: set[str]) -> None:
    assert read(text).symptoms == symptoms
    assert symptoms or read(text).intent == "symptoms"


@pytest.mark.parametrize(
    "opening",
    ["Liked", "Loved", "Laughed at", "Emphasized", "Questioned", "Le gustó", "Me encanta", "Se rió de", "👍 to"],
)
@pytest.mark.parametrize("quotes", ["\u201c\u201d", '""', "\u00ab\u00bb"])
def test_our_own_question_quoted_by_a_telephone_is_no_danger(opening: str, quotes: str) -> None:
    quoted = f"{opening} {quotes[0]}New today? A weak/numb legs C fever D chest pain{quotes[1]}"
    assert (read(quoted).tier, read(quoted).pain, read(quoted).symptoms) == (None, None, frozenset())
    assert read(f"{quoted} yes I fell").tier == "emergency"
    assert read(f"{opening} {quotes[0]}I cant feel my legs{quotes[1]}").tier == "emergency"


def test_a_number_that_is_glued_or_misheard_is_a_score_and_points_for_other_things_are_none() -> None:
    scores = {
        "Im a7 right now": 7,
        "estoy en un7": 7,
        "Ate out of 10 today period": 8,
        "It's a for out of ten": 4,
        "somewhere btwn 4 n 5": 5,
        "5 n a half": 6,
        "gabapentin 300 didnt touch it. 8": 8,
        "102 outside and the AC quit. 4": 4,
        "I give the hospital food a 2": None,
        "four score and 7 years ago lol": None,
        "cowboys won 24 to 10": None,
        "I give it a 4": 4,
    }
    assert {text: read(text, "pain").pain for text in scores} == scores


OPENINGS = {
    "en": (
        "my neighbor fell yesterday",
        "my grandson has a fever",
        "the dog is sick",
        "lady next door had a stroke",
        "the tree fell",
        "my roommate is a 9",
        "my brother has the flu",
        "its 102 outside",
        "insurance is a bigger headache than my back",
        "I fell 2 years ago",
        "I had a heart attack in 09",
        "nothing weird in my legs",
    ),
    "es": (
        "mi vecina se cayo",
        "mi nieto tiene fiebre",
        "el perro no camina",
        "mi esposo tiene gripa",
        "hace dos años me cai",
        "no tenemos aire acondicionado",
        "estamos a 40 grados",
    ),
}
OWN_DANGERS = {
    "en": (
        "cant feel my legs",
        "I have chest pain",
        "wound is red and hot",
        "temp 101.3",
        "my toes are asleep",
        "I fell today",
    ),
    "es": (
        "no siento las piernas",
        "me duele el pecho",
        "la herida esta roja",
        "tengo 38.7",
        "no puedo orinar",
        "me cai hoy",
    ),
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_said_of_others_or_of_the_past_hides_a_danger_in_the_clause_beside_it(language: str) -> None:
    ranks = ["emergency", "urgent", "today", None]
    also, but = (" and ", " but ") if language == "en" else (" y ", " pero ")
    for opening in OPENINGS[language]:
        for danger in OWN_DANGERS[language]:
            alone = ranks.index(read(danger).tier)
            for text in [f"{opening}{join}{danger}" for join in (". ", ", ", also, but)] + [f"{danger}. {opening}"]:
                assert ranks.index(read(text).tier) <= alone, text


@pytest.mark.parametrize("text", ["dog died chest hurts", "dog barking chest pain", "vecina ayuda no puedo respirar"])
def test_an_emergency_that_only_stands_behind_somebody_else_is_the_patients(text: str) -> None:
    assert reply_reader().read(text, "pain").tier == "emergency"


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("no A, B yes", "bladder_bowel"),
        ("No to A, B yes", "bladder_bowel"),
        ("no A and B yes", "bladder_bowel"),
        ("no A, B, C yes", "fever"),
        ("no a no b c yes", "fever"),
        ("no A, B yes, C no", "bladder_bowel"),
    ],
)
def test_a_yes_behind_a_letter_is_never_lost_in_a_list_that_begins_with_no(text: str, symptom: str) -> None:
    assert symptom in reply_reader().read(text, "symptoms").symptoms


def test_a_list_that_contradicts_itself_is_asked_again() -> None:
    assert reply_reader().read("yes no A", "symptoms").intent == "ask_again"


@pytest.mark.parametrize("question", ["pain", "symptoms", "activity", "medication", "any"])
def test_whoever_answers_for_the_patient_is_noted_whatever_was_asked(question: str) -> None:
    for text in (
        "her pain is 6",
        "my husband is at a 7",
        "mi mama dice 4",
        "mom took 2 pills",
        "she walked 20 minutes",
        "mi esposo tomo 2",
        "soy su hija, 6",
        "daughter here, 5",
        "typing for my mom 4",
        "mom cant feel her legs",
    ):
        assert read(text, question).proxy, text
    for text in (
        "6",
        "my pain is 6",
        "my husband helped me, 5",
        "walked 20 minutes with my husband",
        "mi esposo me ayudo, 4",
        "tome 2, mi esposa me las dio",
        "my husband is asleep, im at a 2",
        "my neighbor is a 9, me 3",
    ):
        assert not read(text, question).proxy, text


def test_the_number_of_somebody_else_is_no_amount_of_the_patients() -> None:
    text = "my neighbor is a 9, me 3"
    assert (read(text, "activity").minutes, read(text, "medication").pills) == (3, 3)


@pytest.mark.parametrize(
    "text",
    [
        "se cayo mi perro encima de mi",
        "se cayo mi vecina encima de mi",
        "mi nieto se cayo encima de mi",
        "my dog fell on me",
        "dog scratched wound bleeding",
        "cat scratched stitches open",
        "toddler kicked incision oozing",
        "perro rasguño herida sangrando",
    ],
)
def test_what_happened_to_the_patient_through_somebody_else_is_the_patients(text: str) -> None:
    assert serious(text)


@pytest.mark.parametrize(
    "text", ["se cayo mi perro", "my dog fell off the couch", "my grandson hit his head", "dogs wound is bleeding"]
)
def test_what_somebody_else_did_to_themselves_is_not_the_patients(text: str) -> None:
    assert not serious(text)
