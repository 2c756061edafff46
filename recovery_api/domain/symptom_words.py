"""The symptoms in the words that an app or a page shows, by language."""

WORDS_VERSION = "2"
SYMPTOM_WORDS: dict[str, dict[str, str]] = {
    "leg_weakness": {
        "en": "Legs newly weak, numb or hard to move",
        "es": "Piernas débiles, dormidas o difíciles de mover",
    },
    "bladder_bowel": {
        "en": "Trouble with bladder or bowel, or numb between the legs",
        "es": "Problemas para orinar o evacuar, o la entrepierna dormida",
    },
    "breathing": {"en": "Chest pain, or hard to breathe", "es": "Dolor de pecho o dificultad para respirar"},
    "allergy": {
        "en": "Swollen face, tongue or throat, or a rash all over",
        "es": "Cara, lengua o garganta hinchada, o ronchas en todo el cuerpo",
    },
    "drowsy": {"en": "Very sleepy, confused or hard to wake", "es": "Mucho sueño, confusión o le cuesta despertar"},
    "self_harm": {"en": "Thoughts of hurting yourself", "es": "Ideas de hacerse daño"},
    "fever": {
        "en": "Fever of 100.4 F (38 C) or more, or chills",
        "es": "Fiebre de 38 C o más, o escalofríos",
    },
    "wound": {"en": "The spot is red, wet, swollen or open", "es": "La herida está roja, húmeda, hinchada o abierta"},
    "new_pain": {
        "en": "A fall, a pop, or sharp pain in a new place",
        "es": "Caída, tronido o dolor fuerte en otro lugar",
    },
    "calf": {"en": "One calf swollen, red or sore", "es": "Una pantorrilla hinchada, roja o con dolor"},
    "headache": {
        "en": "A bad headache, worse when you stand",
        "es": "Dolor de cabeza fuerte, peor al ponerse de pie",
    },
}
