"""What is shown where something could not be done."""

from dataclasses import dataclass

from recovery_api.clinic.frame import Frame


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """Something that could not be done, and what to do instead; `frame` is None before sign-in."""

    status: int
    title: str
    detail: str = ""
    frame: Frame | None = None
    back_path: str = "/worklist"
    back_label: str = "Back to the worklist"
    request_id: str = ""
