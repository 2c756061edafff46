/* On the plain pages: where scripts run and the phone can keep things, the check-in goes on without a network. */
"use strict";

window.trustedTypes?.createPolicy("default", { createScriptURL: (url) => (url === "/c/worker.js" ? url : null) });

async function takeOver() {
  const page = document.body.dataset.page, at = Date.now(), app = `/c/app/${document.documentElement.lang}`;
  await sendWaiting().catch(() => {});
  const now = await find("now");
  // The session has closed, and answers that were begun lie here still.
  if (page === "dead" && now?.until > at && !now.said) return location.replace(app);
  if (page !== "fresh" || !("submitter" in SubmitEvent.prototype)) return;
  navigator.serviceWorker.register("/c/worker.js").catch(() => {});
  const answer = await fetch("/c/q/kit");
  if (!answer.ok) return;
  const kit = await answer.json(), until = at + 20 * 36e5; // as long as a link lives
  if (now?.token !== kit.token) await keep("now", { ...kit, ahead: kit.now - at, until, answers: {} });
  location.replace(app);
}

takeOver().catch(() => {}); // the plain pages need none of this
