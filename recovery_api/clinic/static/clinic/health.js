/* Asks each minute whether all of the product runs, for a page that stays open for long. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const line = document.getElementById("health");
  if (!line) return;
  const look = async () => {
    const answer = await fetch("/health-line", { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return;
    const said = await answer.text();
    if (line.textContent !== said) line.textContent = said;
    line.hidden = !said;
  };
  setInterval(look, 60000);
});
