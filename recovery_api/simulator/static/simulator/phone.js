/* Follows the played patient every two seconds and sends the page's forms without leaving it. */
"use strict";

if (window.trustedTypes && !trustedTypes.defaultPolicy) {
  trustedTypes.createPolicy("default", {
    createHTML(text) {
      return text;
    },
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const desk = document.getElementById("main");
  let turn = 0;
  let sending = Promise.resolve(); // one press after the other, none of them lost
  document.body.classList.add("scripted");

  function toEnd() {
    const screen = document.querySelector(".screen");
    screen.scrollTop = screen.scrollHeight;
  }

  function show(text) {
    const next = new DOMParser().parseFromString(text, "text/html");
    if (!next.getElementById("landline") !== !document.getElementById("landline")) return location.reload();
    let changed = false;
    for (const part of next.querySelectorAll("[data-part]")) {
      const place = document.getElementById(part.id);
      if (!place || place.outerHTML === part.outerHTML) continue;
      const pressed = place.contains(document.activeElement) ? document.activeElement.value : null;
      place.replaceWith(document.adoptNode(part));
      if (pressed) part.querySelector(`button[value="${CSS.escape(pressed)}"]`)?.focus();
      changed = true;
    }
    if (changed) toEnd();
  }

  async function ask(address, options) {
    const mine = ++turn;
    const answer = await fetch(address, options);
    const text = await answer.text();
    if (mine === turn && answer.ok) show(text);
    return answer;
  }

  function follow() {
    if (!document.hidden && !document.body.classList.contains("busy")) ask(desk.dataset.from).catch(() => {});
  }

  async function send(form, body) {
    document.body.classList.add("busy");
    try {
      const answer = await ask(form.action, { method: "POST", body });
      if (!answer.ok) location.reload();
    } finally {
      document.body.classList.remove("busy");
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-live]")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    if (form.classList.contains("typed")) form.reset();
    sending = sending.then(() => send(form, body)).catch(() => location.reload());
  });

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && (form.matches("[data-on-change]") || form.matches(".chooser"))) form.requestSubmit();
  });

  history.replaceState(null, "", desk.dataset.from.replace("/now", "")); // loading again shows the same patient
  toEnd();
  setInterval(follow, 2000);
});
