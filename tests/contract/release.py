"""Keep the document as the one that was released: `python -m tests.contract.release`, once for every release.

From then on a change that breaks apps written against it fails the tests. Words and examples are left out.
"""

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
TOLD = ("description", "summary")


def main() -> None:
    """Write docs/openapi-released.json."""
    document = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    kept = json.dumps(_lean(document), sort_keys=True, indent=1, ensure_ascii=False)
    (DOCS / "openapi-released.json").write_text(kept + "\n", encoding="utf-8")


def _lean(part: Any) -> Any:
    if isinstance(part, list):
        return [_lean(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _lean(one)
        for name, one in part.items()
        if name not in ("example", "examples") and not (name in TOLD and isinstance(one, str))
    }


if __name__ == "__main__":
    main()
