/* Locks the page when nobody has touched it for a while. What is half written stays where it is, in this page alone. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const csrf = document.querySelector("form [name=csrf]")?.value;
  const lock = document.getElementById("lock");
  if (!csrf || !lock) return;
  const idle = Number(lock.dataset.idle) * 1000;
  const wrong = lock.querySelector("[role=alert]");
  const shared = "recovery-touched";
  let told = Date.now();
  const touched = () => Math.max(Number(localStorage.getItem(shared)) || 0, mine);
  let mine = Date.now();

  const post = (path, fields) =>
    fetch(path, { method: "POST", body: new URLSearchParams({ csrf, ...fields }), headers: { Accept: "application/json" } });

  function touch() {
    if (lock.open) return;
    mine = Date.now();
    if (mine - told < 60000) return;
    told = mine;
    localStorage.setItem(shared, String(mine));
    post("/session/alive").then((answer) => answer.status === 401 && shut(), () => {});
  }

  function shut() {
    if (lock.open) return;
    document.documentElement.classList.add("locked");
    lock.showModal();
  }

  function open() {
    mine = told = Date.now();
    localStorage.setItem(shared, String(mine));
    document.documentElement.classList.remove("locked");
    wrong.hidden = true;
    lock.querySelector("form").reset();
    lock.close();
  }

  async function prove(fields) {
    wrong.hidden = true;
    try {
      const answer = await post("/prove", fields);
      const said = await answer.json().catch(() => ({ error: wrong.dataset.again }));
      if (said.error) throw new Error(said.error);
      if (!answer.ok) location.href = said.next;
      else open();
    } catch (error) {
      wrong.textContent = window.whyNot(error, wrong.dataset);
      wrong.hidden = false;
    }
  }

  lock.addEventListener("cancel", (event) => event.preventDefault());
  lock.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    prove({ proof: lock.querySelector("[name=proof]").value });
  });
  const passkey = lock.querySelector("[data-by=passkey]");
  if (window.provePasskey && window.PublicKeyCredential) {
    passkey.hidden = false;
    passkey.addEventListener("click", async () => {
      try {
        await prove({ credential: await window.provePasskey(csrf) });
      } catch {
        wrong.textContent = wrong.dataset.none;
        wrong.hidden = false;
      }
    });
  }
  for (const sign of ["keydown", "pointerdown", "pointermove", "scroll"]) document.addEventListener(sign, touch, { passive: true });
  setInterval(() => Date.now() - touched() >= idle && shut(), 5000);
  document.addEventListener("visibilitychange", () => !document.hidden && Date.now() - touched() >= idle && shut());
});
