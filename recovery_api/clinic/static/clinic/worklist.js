/* Keeps the worklist fresh without ever moving a row under a nurse's pointer or focus. */
"use strict";

if (window.trustedTypes && !trustedTypes.defaultPolicy) {
  trustedTypes.createPolicy("default", {
    createHTML(text) {
      if (/<script/i.test(text)) throw new TypeError("A page part never carries a script.");
      return text;
    },
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const list = document.getElementById("worklist");
  const fresh = document.getElementById("fresh");
  let etag = "";
  let failures = 0;
  let held = null;
  let lastGood = "";

  const part = (root) => root.querySelector("#worklist-now");
  const parse = (text) => new DOMParser().parseFromString(text, "text/html");
  const rows = (root) => [...root.querySelectorAll(".row")];
  const ids = (root) => rows(root).map((row) => row.id);
  const words = list.dataset;
  const filled = (template, values) => template.replace(/\{([ns])\}/g, (_, name) => values[name]);
  let skew = Number(list.dataset.now) - Date.now();

  function clinicTime() {
    const zone = part(list).dataset.zone;
    return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(Date.now() + skew);
  }

  function stamp(said, state) {
    const live = document.getElementById("live");
    live.textContent = said;
    live.className = `live ${state}`;
  }

  function good() {
    failures = 0;
    lastGood = clinicTime();
    stamp(filled(words.fine, { s: lastGood }), "on");
  }

  function bad(said) {
    failures += 1;
    if (failures < 2 && !said) return;
    stamp(said || filled(words.stale, { s: lastGood }), "off");
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = said ? words.in : words.again;
    document.getElementById("live").append(" ", link);
  }

  function counts(from) {
    const now = part(from).dataset;
    const minute = Number(now.minute) * 60000;
    if (Math.abs(minute - Date.now() - skew) > 120000) skew = minute - Date.now();
    document.title = now.title;
    for (const name of ["open", "inbox"]) document.querySelector(`.top [data-live=${name}]`).textContent = now[name];
    for (const place of list.querySelectorAll("[data-live]")) {
      const next = from.querySelector(`[data-live="${place.dataset.live}"]`);
      if (next) place.textContent = next.textContent;
    }
  }

  function whatIsNew(next) {
    const known = new Set(ids(list));
    const added = rows(next).filter((row) => !known.has(row.id));
    const groups = new Map();
    for (const row of added) {
      const word = row.closest("tbody").dataset.word;
      groups.set(word, (groups.get(word) || 0) + 1);
    }
    const said = [...groups].map(([word, number]) => filled(words.new, { n: number, s: word }));
    const gone = ids(list).filter((id) => !ids(next).includes(id)).length;
    if (gone) said.push(filled(words.gone, { n: gone }));
    return said.join(", ") || words.order;
  }

  function isTouched() {
    const table = list.querySelector(".list");
    return Boolean(table && (table.matches(":hover") || table.contains(document.activeElement)));
  }

  function hold(text, next) {
    held = text;
    counts(next);
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.key = "n";
    button.textContent = filled(words.show, { s: whatIsNew(next) });
    button.addEventListener("click", show);
    if (fresh.textContent !== button.textContent) fresh.replaceChildren(button);
  }

  function letGo() {
    held = null;
    fresh.replaceChildren();
  }

  async function show() {
    if (!held) return;
    const text = held;
    counts(parse(text));
    letGo();
    await htmx.swap({ target: list, sourceElement: list, text, swap: "innerMorph" });
    good();
  }

  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden) event.preventDefault();
    else if (etag) event.detail.ctx.request.headers["If-None-Match"] = etag;
  });

  document.addEventListener("htmx:after:request", (event) => {
    const { response, text } = event.detail.ctx;
    if (response.status === 304) return good();
    const next = response.status === 200 && text ? parse(text) : null;
    if (!next || !part(next)) {
      event.preventDefault();
      return bad(response.raw.redirected || response.status === 401 ? words.out : "");
    }
    etag = response.headers.get("ETag") || "";
    if (isTouched() && ids(next).join() !== ids(list).join()) {
      event.preventDefault();
      hold(text, next);
      return good();
    }
    counts(next);
    letGo();
  });

  document.addEventListener("htmx:after:swap", good);
  document.addEventListener("htmx:error", () => bad(""));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) htmx.trigger(list, "every");
  });
  for (const moved of ["pointermove", "focusin", "focusout"]) {
    document.addEventListener(moved, () => setTimeout(() => held && !isTouched() && show()));
  }
  good();
});
