// See docs/web-check-in.md.
"use strict";

const store = (mode, act) => new Promise((done, failed) => {
  const opening = indexedDB.open("check-in", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
  opening.onerror = failed;
  opening.onsuccess = () => {
    const work = opening.result.transaction("kept", mode), asked = act(work.objectStore("kept"));
    work.oncomplete = () => done(asked.result);
    work.onabort = failed;
  };
});
const find = (key) => store("readonly", (kept) => kept.get(key));
const keep = (key, value) => store("readwrite", (kept) => kept.put(value, key));

async function sendWaiting() {
  for (const form of await store("readonly", (kept) => kept.getAll(IDBKeyRange.bound("later ", "later!")))) {
    const answer = await fetch("/c/later", { method: "POST", credentials: "omit", body: new URLSearchParams(form) });
    const isLost = [410, 422].includes(answer.status);
    if (!answer.ok && !isLost) return;
    const said = await answer.json();
    await store("readwrite", (kept) => {
      const asked = kept.get("now");
      asked.onsuccess = () => {
        const now = asked.result;
        if (now && isLost) kept.put({ ...now, isLost }, "now");
        else if (now?.token === form.token) kept.put({ ...now, answers: {}, said }, "now");
      };
      return kept.delete(`later ${form.token}`);
    });
  }
}

async function runApp() {
  const all = (what) => [...document.querySelectorAll(what)], lang = document.documentElement.lang;
  const steps = Object.fromEntries(all("[data-step]").map((one) => [one.dataset.step, one]));
  const [wrong, box, note, close] = all(".wrong, .advice, .note, .close"), words = box.dataset;
  const none = all("[data-said]")[0].textContent;
  let now = await find("now");
  if (!(now?.until > Date.now())) now = null;

  const change = (more) => keep("now", (now = { ...now, ...more }));
  const next = () => ["pain", "activity", "pills", "new"].find((step) => !(step in now.answers)) ||
    (now.answers.new === "yes" ? "symptoms" : "summary");

  function say(place, text) {
    place.textContent = text || "";
    place.hidden = !text;
  }

  function dial(link, number) {
    link.hidden = !number;
    link.href = `tel:${number}`;
  }

  function show() {
    const { answers = {}, sent, isLost } = now || {}, asked = location.hash.slice(1);
    const step = !now ? "begin" : sent ? "done" : steps[asked]?.querySelector("form") ? asked : next();
    for (const name in steps) {
      steps[name].hidden = name !== step;
      for (const field of steps[name].querySelectorAll("[name=said]")) {
        if (field.type === "text") field.value = answers[name] || "";
        else field.ariaCurrent = answers[name] === field.value;
      }
    }
    for (const line of all("[data-said]")) {
      const name = line.dataset.said, said = answers[name];
      line.textContent = steps[name].querySelector(`[value="${said}"]`)?.textContent || said || none;
    }
    say(wrong, isLost && words.lost);
    if (step === "done") end();
    const heading = steps[step].querySelector("h1");
    document.title = heading.textContent;
    heading.tabIndex = -1;
    heading.focus();
    scrollTo(0, 0);
  }

  function end() {
    const { said, sent, emergency, phone } = now, tier = (said || sent).tier || "";
    const alone = tier === "emergency" ? [words.emergency, words.body, emergency]
      : tier ? [words.alone, words.body, phone] : [words.kept];
    const [title, text, number] = said ? [words[tier] || words.sent, said.text, said.phone] : alone;
    const [heading, body, call] = box.children;
    box.className = `advice ${tier}`;
    say(heading, title.replace("911", emergency));
    say(body, text);
    say(call, words.call.replace("#", number));
    dial(call, number);
    note.hidden = said || now.isLost;
    close.hidden = !said || tier === "emergency";
  }

  async function offer() {
    await sendWaiting().catch(() => {});
    if (!now?.sent || now.said) return;
    now = await find("now");
    if (now.said || now.isLost) show();
  }

  addEventListener("submit", async (event) => {
    event.preventDefault();
    const { target, submitter } = event, step = target.parentNode.dataset.step, data = new FormData(target);
    const said = (submitter?.name ? submitter.value : data.get("said") || "").trim(), { answers } = now;
    const ticked = step === "symptoms" && said !== "none" ? [...data.keys()] : [];
    const isWrong = step === "pills" ? said && !(/^\d+$/.test(said) && said <= 100)
      : step === "symptoms" ? !ticked[0] && said !== "none" : step === "summary" && !Object.values(answers).join("");
    if (isWrong) return say(wrong, steps[step].dataset.wrong);
    if (step === "symptoms") answers.new = ticked[0] ? "yes" : "no";
    else if (step !== "summary") answers[step] = said;
    if (ticked[0] || step === "summary") {
      const { token, ahead } = now, form = { token, lang, at: new Date(Date.now() + ahead).toISOString(), ...answers };
      for (const name of ticked) form[name] = 1;
      const tiers = ticked.map((name) => now.tiers[name.slice(2)]);
      await keep(`later ${token}`, form);
      await change({ sent: { tier: ["emergency", "urgent", "today"].find((one) => tiers.includes(one)) } });
      navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("later")).catch(() => {});
      show();
      return offer();
    }
    await change({ answers });
    location.hash = next();
    show();
  });
  addEventListener("hashchange", show);
  addEventListener("online", offer);
  addEventListener("focus", offer);
  setInterval(offer, 3e4);

  if (now) {
    await change({ lang });
    for (const link of all("[data-clinic]")) dial(link, now.phone);
    for (const one of all("[data-911]")) {
      say(one, one.textContent.replace("911", now.emergency));
      dial(one, now.emergency);
    }
  }
  show();
  offer();
}

if (self.document?.querySelector("[data-step]")) runApp();
