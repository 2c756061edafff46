"""Age bands of a report: wide enough that no small group stands alone."""

from datetime import date

BANDS = ((0, 59, "under 60"), (60, 69, "60 to 69"), (70, 79, "70 to 79"), (80, 200, "80 and over"))


def age_band(born: date, on: date) -> str:
    """The band of somebody's whole years on a day."""
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return next((name for least, most, name in BANDS if least <= years <= most), BANDS[0][2])
