/* Answers for the pages of the check-in where there is no network, and sends what waits once there is one again. */
"use strict";

self.trustedTypes?.createPolicy("default", { createScriptURL: (url) => (url === "/c/static/check_in.js" ? url : null) });
importScripts("/c/static/check_in.js");

const SHELL = ["/c/app/en", "/c/app/es", "/c/app/en.webmanifest", "/c/app/es.webmanifest", "/c/static/check_in.css",
  "/c/static/check_in.js", "/c/static/mark.svg"]; // names nobody, and holds no token

async function refresh() {
  const shell = await caches.open("shell");
  await shell.addAll(SHELL.map((path) => new Request(path, { cache: "reload", credentials: "omit" })));
}

async function shellAlone() {
  const now = await find("now").catch(() => null), lang = now?.lang || navigator.language.slice(0, 2);
  return caches.match(lang === "es" ? "/c/app/es" : "/c/app/en");
}

addEventListener("install", (event) => event.waitUntil(refresh().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("sync", (event) => event.waitUntil(sendWaiting()));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request, { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (SHELL.includes(pathname)) {
    event.respondWith(caches.match(pathname).then((held) => held || fetch(event.request)));
    if (mode === "navigate") event.waitUntil(refresh().catch(() => {})); // all of it or nothing, for the next time
  } else if (mode === "navigate") event.respondWith(fetch(event.request).catch(shellAlone));
});
