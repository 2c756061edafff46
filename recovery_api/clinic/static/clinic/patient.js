/* What a script adds to the patient's page: a call logs itself, drafts fill in and are counted, a note is copied. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const token = document.querySelector("input[name=csrf]");
  const send = (path, fields) =>
    fetch(path, { method: "POST", body: new URLSearchParams({ csrf: token.value, ...fields }), keepalive: true });

  for (const link of document.querySelectorAll("[data-call]")) {
    link.addEventListener("click", () => {
      send(`${location.pathname.replace(/\/(messages|draft)$/, "")}/calls`, { result: "started" });
      document.getElementById("log-call")?.parentElement.setAttribute("open", "");
    });
  }

  const body = document.getElementById("body");
  const form = document.getElementById("compose");
  const cost = document.getElementById("cost");
  const template = document.getElementById("template");
  let waiting = 0;

  async function count() {
    const answer = await send(`${form.getAttribute("action")}/measure`, { body: body.value });
    if (answer.ok && !answer.redirected) cost.textContent = await answer.text();
  }

  if (body && cost) {
    document.getElementById("fill").hidden = true;
    body.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(count, 250);
    });
    template.addEventListener("change", () => {
      const chosen = template.selectedOptions[0];
      if (!chosen.dataset.body) return;
      body.value = chosen.dataset.body;
      body.lang = chosen.lang;
      body.focus();
      count();
    });
  }

  const copy = document.getElementById("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById("paragraph").value);
      document.getElementById("copied").textContent = copy.querySelector("[data-done]").dataset.done;
    });
  }
});
