"""The words of the web check-in; a native speaker on the clinical side signs the Spanish off before use."""

import re
from collections.abc import Mapping

from recovery_api.domain.symptom_words import SYMPTOM_WORDS

_EN = {
    "title": "Check-in",
    "other": "Español",
    "hello": "Your check-in",
    "year": "What year were you born?",
    "year_hint": "Four digits, like 1948. This way nobody else answers for you.",
    "start": "Start",
    "wrong_year": "That is not the year we have.",
    "tries_one": "You can try 1 more time.",
    "tries_many": "You can try {n} more times.",
    "dead": "This link has closed",
    "dead_body": "It can be used once, on the day it came. Answer our text with a number from 0 to 10, or call us.",
    "question_of": "Question {n} of {all}",
    "pain": "How bad is your back pain now?",
    "pain_low": "0 = no pain",
    "pain_high": "10 = worst pain",
    "activity": "What did you do today?",
    "in_bed": "Stayed in bed",
    "mostly_resting": "Mostly rested",
    "short_walks": "Short walks",
    "light_chores": "Light chores",
    "usual_day": "My usual day",
    "pills": "How many pain pills did you take in the last day?",
    "pills_hint": "Write 0 if you took none.",
    "new": "Is anything new or wrong?",
    "new_hint": "Weak or numb legs, bladder or bowel trouble, chest pain, hard to breathe, fever, a red or wet spot, "
    "a fall, a rash, or anything else that worries you.",
    "yes": "Yes",
    "no": "No",
    "symptoms": "Which of these do you have?",
    "symptoms_hint": "Tick all that are true. We tell your care team at once.",
    "none": "None of these",
    "other_trouble": "Something else that worries you? Call us.",
    "tick": "Tick at least one, or choose None of these.",
    "number": "Please give a whole number from 0 to {most}.",
    "choose": "Please choose one of these.",
    "next": "Next",
    "tell": "Tell my care team",
    "skip": "Skip this question",
    "back": "Back",
    "summary": "Is this right?",
    "summary_pain": "Pain",
    "summary_activity": "Today",
    "summary_pills": "Pain pills",
    "summary_new": "New trouble",
    "skipped": "no answer",
    "change": "Change",
    "send": "Send",
    "nothing": "You gave no answer yet. Answer one question at least.",
    "done": "Thank you. We have your answers.",
    "done_emergency": "Call {emergency} now",
    "done_urgent": "A nurse will call you",
    "done_today": "We will call you",
    "close": "You can close this page.",
    "begin": "Open the link in our text",
    "begin_body": "Each text has a new link: tap it. No internet? Wait for it, or call us.",
    "offline": "No internet. Your answers are saved on this phone. They will be sent by themselves.",
    "kept": "Saved on this phone",
    "kept_call": "Call your clinic now",
    "kept_body": "We cannot see your answers yet. Do not wait for us.",
    "lost": "Your answers could not be sent. Please call us.",
    "mistake": "Made a mistake? Call us.",
    "about": "The procedure, its risks, and when to call",
    "unwell": "If you feel very unwell, call {emergency} now.",
    "form": "Your form",
    "form_page": "Page {n} of {all}",
    "form_tell": "No sentence is true? Go on.",
    "form_safety": "Do you have thoughts of hurting yourself, or that you would be better off dead?",
    "form_safety_yes": "Yes, tell my care team now",
    "form_done": "Thank you. We have your form.",
    "form_low": "Your answers tell us that you feel low. A nurse will read them and call you.",
    "form_nothing": "You have no form to fill in today",
    "form_waits": "You also have a short form to fill in",
    "visit": "Your next visit",
    "visit_at": "Your visit: {date} at {time}",
    "visit_none": "No visit is booked for you",
    "visit_bring": "Bring your list of pills, with how many you take.",
    "visit_confirm": "I will come",
    "visit_change": "I need another time",
    "visit_confirmed": "Thank you. We will see you then.",
    "visit_change_asked": "Thank you. We will call you to find a new time.",
    "visit_calendar": "Put it in my calendar",
    "crisis": "Thoughts of hurting yourself? Call or text {line}, day and night.",
    "call": "Call {phone}",
    "call_clinic": "Call your clinic",
    "not_watched": "This page is not watched day and night.",
}
_ES = {
    "title": "Sus respuestas",
    "other": "English",
    "hello": "Sus respuestas de hoy",
    "year": "¿En qué año nació usted?",
    "year_hint": "Cuatro cifras, por ejemplo 1948. Así nadie más responde por usted.",
    "start": "Empezar",
    "wrong_year": "No es el año que tenemos.",
    "tries_one": "Puede intentarlo 1 vez más.",
    "tries_many": "Puede intentarlo {n} veces más.",
    "dead": "Este enlace está cerrado",
    "dead_body": (
        "Sirve una sola vez, el día en que llega. Responda a nuestro mensaje con una cifra de 0 a 10, o llámenos."
    ),
    "question_of": "Pregunta {n} de {all}",
    "pain": "¿Cuánto le duele la espalda ahora?",
    "pain_low": "0 = sin dolor",
    "pain_high": "10 = el peor dolor",
    "activity": "¿Qué hizo hoy?",
    "in_bed": "Me quedé en cama",
    "mostly_resting": "Descansé casi todo el día",
    "short_walks": "Paseos cortos",
    "light_chores": "Tareas ligeras",
    "usual_day": "Mi día normal",
    "pills": "¿Cuántas pastillas para el dolor tomó desde ayer?",
    "pills_hint": "Escriba 0 si no tomó ninguna.",
    "new": "¿Hay algo nuevo o que esté mal?",
    "new_hint": "Piernas débiles o dormidas, problemas para orinar o evacuar, dolor de pecho, falta de aire, fiebre, "
    "herida roja o mojada, una caída, ronchas, o cualquier otra cosa que le preocupe.",
    "yes": "Sí",
    "no": "No",
    "symptoms": "¿Qué tiene de esta lista?",
    "symptoms_hint": "Marque todo lo que tenga. Avisamos de inmediato a su equipo médico.",
    "none": "Nada de esto",
    "other_trouble": "¿Le preocupa otra cosa? Llámenos.",
    "tick": "Marque al menos una, o elija Nada de esto.",
    "number": "Escriba un número entero de 0 a {most}.",
    "choose": "Elija una opción.",
    "next": "Siguiente",
    "tell": "Avisar a mi equipo",
    "skip": "Saltar esta pregunta",
    "back": "Atrás",
    "summary": "¿Está bien así?",
    "summary_pain": "Dolor",
    "summary_activity": "Hoy",
    "summary_pills": "Pastillas para el dolor",
    "summary_new": "Algo nuevo",
    "skipped": "sin respuesta",
    "change": "Cambiar",
    "send": "Enviar",
    "nothing": "Todavía no hay respuestas. Conteste al menos una pregunta.",
    "done": "Gracias. Tenemos sus respuestas.",
    "done_emergency": "Llame al {emergency} ahora",
    "done_urgent": "Una enfermera le va a llamar",
    "done_today": "Le vamos a llamar",
    "close": "Ya puede cerrar esta página.",
    "begin": "Abra el enlace de nuestro mensaje",
    "begin_body": "Cada mensaje trae un enlace nuevo: tóquelo. ¿Sin internet? Espere, o llámenos.",
    "offline": "No hay internet. Sus respuestas están guardadas en este teléfono. Se enviarán solas.",
    "kept": "Guardado en este teléfono",
    "kept_call": "Llame ahora a su clínica",
    "kept_body": "Todavía no vemos sus respuestas. No nos espere.",
    "lost": "No se pudieron enviar sus respuestas. Por favor, llámenos.",
    "mistake": "¿Se equivocó? Llámenos.",
    "about": "Riesgos del procedimiento y cuándo llamar",
    "unwell": "Si se siente muy mal, llame al {emergency} ahora.",
    "form": "Su formulario",
    "form_page": "Página {n} de {all}",
    "form_tell": "¿Ninguna frase es cierta? Siga.",
    "form_safety": "¿Ha pensado en hacerse daño, o que estaría mejor muerto o muerta?",
    "form_safety_yes": "Sí, avisar ya a mi equipo",
    "form_done": "Gracias. Tenemos su formulario.",
    "form_low": "Sus respuestas nos dicen que tiene el ánimo bajo. Una enfermera las va a leer y le va a llamar.",
    "form_nothing": "Hoy no tiene ningún formulario",
    "form_waits": "También tiene un formulario corto",
    "visit": "Su próxima cita",
    "visit_at": "Su cita: {date} a las {time}",
    "visit_none": "No tiene ninguna cita",
    "visit_bring": "Traiga su lista de pastillas y diga cuántas toma.",
    "visit_confirm": "Voy a ir",
    "visit_change": "Necesito otra hora",
    "visit_confirmed": "Gracias. Nos vemos entonces.",
    "visit_change_asked": "Gracias. Le vamos a llamar para buscar otra hora.",
    "visit_calendar": "Guardar en mi calendario",
    "crisis": "¿Piensa en hacerse daño? Llame o mande un mensaje al {line}, de día o de noche.",
    "call": "Llamar al {phone}",
    "call_clinic": "Llamar a su clínica",
    "not_watched": "Nadie vigila esta página las 24 horas.",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _EN, "es": _ES}
OTHER = {"en": "es", "es": "en"}


def language_of(wanted: str) -> str:
    """A language that has words; English for every other."""
    return wanted if wanted in WORDS else "en"


def say(key: str, language: str, **values: object) -> str:
    """One piece of wording with its values."""
    return WORDS[language][key].format(**values)


def say_symptom(code: str, language: str) -> str:
    """A danger in the words of the app."""
    return SYMPTOM_WORDS[code][language]


def say_phone(number: str) -> str:
    """A number as it is read aloud; those of other countries as they are dialled."""
    is_local = number.startswith("+1") and len(number) == len("+12125550100")
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}" if is_local else number


def say_numbers(text: str) -> str:
    """A text as it is sent, with the phone numbers in it as they are read aloud."""
    return re.sub(r"\+1\d{10}\b", lambda number: say_phone(number[0]), text)
