/* Makes the drawn spine one stop of the keyboard, and says what is chosen. Without scripts every bone is a stop. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const spine = document.getElementById("spine");
  if (!spine) return;
  const boxes = [...spine.querySelectorAll(".bones input")];
  const typed = document.getElementById("levels");
  const said = document.getElementById("chosen");
  const level = (box) => box.id.slice("level-".length);
  const seen = () => boxes.filter((box) => box.checkVisibility());

  function stopAt(box) {
    for (const one of boxes) one.tabIndex = one === box ? 0 : -1;
  }

  function say() {
    const chosen = boxes.filter((box) => box.checked).map(level);
    said.textContent = chosen.length ? said.dataset.chosen.replace("{s}", chosen.join(", ")) : "";
  }

  function take() {
    const words = typed.value.toUpperCase().replace(/\b(?:TH|D)(?=\d)/g, "T").split(/[\s,;/+&]+/).filter(Boolean);
    const found = words.map((word) => boxes.find((box) => level(box) === word));
    if (!words.length || found.includes(undefined)) return;
    for (const box of found) {
      box.checked = true;
      const part = box.closest("details");
      if (part) part.open = true;
    }
    typed.value = "";
    stopAt(found[0]);
    say();
  }

  spine.addEventListener("change", (event) => (event.target === typed ? take() : say()));
  spine.addEventListener("focusin", (event) => boxes.includes(event.target) && stopAt(event.target));
  spine.addEventListener("keydown", (event) => {
    const places = seen();
    const at = places.indexOf(event.target);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at < 0 || !by) return;
    event.preventDefault();
    places[Math.min(Math.max(at + by, 0), places.length - 1)].focus();
  });
  stopAt(boxes.find((box) => box.checked) || boxes.find((box) => level(box) === "T12"));
  say();
  document.getElementById("wrong")?.focus();
});
