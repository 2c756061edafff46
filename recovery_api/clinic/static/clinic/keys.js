/* Single keys for who likes them: they work only on the row, flag or message that has the focus, and can be switched off. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const PLACE = "[data-keys]";
  const places = () => [...document.querySelectorAll(PLACE)].filter((one) => one.getClientRects().length);
  const help = document.getElementById("keys");
  const off = document.getElementById("keys-off");
  const isOff = () => localStorage.getItem("keys") === "off";

  function focusOn(place) {
    const target = place.querySelector("a[href], button, input, select, textarea");
    (place.tabIndex === 0 || !target ? place : target).focus();
    place.scrollIntoView({ block: "nearest" });
  }

  function move(from, step) {
    const all = places();
    const next = all[all.indexOf(from) + step];
    if (next) focusOn(next);
    return Boolean(next);
  }

  function isWriting(target) {
    return target.matches("input, select, textarea, [contenteditable]");
  }

  function press(place, key) {
    const fits = (one) => one.dataset.key === key && one.checkVisibility({ visibilityProperty: true });
    const target = [...place.querySelectorAll("[data-key]")].find(fits)
      || [...document.querySelectorAll("[data-key]")].find((one) => !one.closest(PLACE) && fits(one));
    if (!target) return false;
    if (target.matches("textarea, input")) target.focus();
    else target.click();
    return true;
  }

  function handle(event) {
    if (isOff() || event.ctrlKey || event.altKey || event.metaKey || isWriting(event.target)) return;
    const place = event.target.closest(PLACE);
    if (!place || (event.repeat && !"jk".includes(event.key))) return; // a key that is held is one deed
    if (event.key === "?") {
      if (help) help.open = !help.open;
    } else if (!((event.key === "j" && move(place, 1)) || (event.key === "k" && move(place, -1)) || press(place, event.key))) return;
    event.preventDefault();
  }

  document.addEventListener("keydown", handle);

  if (off) {
    const say = () => {
      off.textContent = isOff() ? off.dataset.on : off.dataset.off;
      off.setAttribute("aria-pressed", String(isOff()));
    };
    off.hidden = false;
    off.addEventListener("click", () => {
      localStorage.setItem("keys", isOff() ? "on" : "off");
      say();
    });
    say();
  }

  // The focus stays on its row until the nurse moves it. A browser takes it away once it has looked for the fragment, and
  // so does a part of the page that is exchanged: then the same row takes it back, and never another one.
  let kept = null;
  const keep = ({ target }) => {
    const place = target.closest(PLACE);
    kept = place && { id: place.id, target };
  };
  function takeBack() {
    if (!kept || !document.hasFocus() || document.activeElement !== document.body) return;
    const place = document.getElementById(kept.id);
    if (kept.target.isConnected) kept.target.focus();
    else if (place) focusOn(place);
  }
  document.addEventListener("focusin", keep);
  document.addEventListener("focusout", ({ relatedTarget }) => relatedTarget || queueMicrotask(takeBack));
  document.addEventListener("htmx:after:swap", takeBack);
  document.addEventListener("pointerdown", () => { kept = null; });

  const back = location.hash.startsWith("#row-") && document.getElementById(location.hash.slice(1));
  if (back) focusOn(back);
});
