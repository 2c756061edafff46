/* Offers a passkey where the browser has one to offer: to sign in, to prove who is there, and to add one. */
"use strict";

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function send(path, fields) {
  const body = new URLSearchParams(fields);
  const response = await fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!(response.headers.get("Content-Type") || "").startsWith("application/json")) {
    if (response.status === 401 || response.redirected) location.href = `/prove?next=${encodeURIComponent(location.pathname)}`;
    throw new TypeError(`${response.status}`);
  }
  const said = await response.json();
  if (said.error) throw new Error(said.error);
  return said;
}

async function make(csrf) {
  const asked = await send("/account/passkeys/options", { csrf });
  asked.challenge = toBytes(asked.challenge);
  asked.user.id = toBytes(asked.user.id);
  for (const known of asked.excludeCredentials || []) known.id = toBytes(known.id);
  const made = await navigator.credentials.create({ publicKey: asked });
  const { clientDataJSON, attestationObject } = made.response;
  const response = { clientDataJSON: toText(clientDataJSON), attestationObject: toText(attestationObject) };
  return JSON.stringify({ id: made.id, rawId: toText(made.rawId), type: made.type, response, clientExtensionResults: {} });
}

async function prove(csrf) {
  const asked = await send("/passkey/options", { csrf });
  asked.challenge = toBytes(asked.challenge);
  delete asked.allowCredentials;
  const given = await navigator.credentials.get({ publicKey: asked });
  const { clientDataJSON, authenticatorData, signature, userHandle } = given.response;
  const response = { clientDataJSON: toText(clientDataJSON), authenticatorData: toText(authenticatorData), signature: toText(signature) };
  if (userHandle) response.userHandle = toText(userHandle);
  return JSON.stringify({ id: given.id, rawId: toText(given.rawId), type: given.type, response, clientExtensionResults: {} });
}

function sendKept(form, credential) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "credential", value: credential });
  form.append(field);
  form.noValidate = true;
  form.submit();
}

// What a browser says of itself is English and no help: only our own words are shown.
function why(error, words) {
  if (error.name === "Error") return error.message;
  return error instanceof DOMException ? words.none : words.again;
}

window.whyNot = why;
window.provePasskey = prove;
window.sendToUs = send;

document.addEventListener("DOMContentLoaded", () => {
  if (!window.PublicKeyCredential) return;
  for (const offer of document.querySelectorAll("[data-passkey]")) {
    const form = offer.closest("form");
    const wrong = offer.querySelector("[role=alert]");
    const button = offer.querySelector("button");
    const path = offer.dataset.passkey;
    offer.hidden = false;
    const go = async () => {
      wrong.hidden = true;
      button.disabled = true;
      try {
        const csrf = form.querySelector("[name=csrf]").value;
        const credential = await (path === "/account/passkeys" ? make(csrf) : prove(csrf));
        if (form.querySelector("[name=sealed]")) return sendKept(form, credential);
        const fields = Object.fromEntries([...new FormData(form)].filter(([name]) => ["csrf", "next", "name"].includes(name)));
        location.href = (await send(path, { ...fields, credential })).next;
      } catch (error) {
        wrong.textContent = why(error, wrong.dataset);
        wrong.hidden = false;
      }
      button.disabled = false;
    };
    button.addEventListener("click", go);
    if (form === offer) form.addEventListener("submit", (event) => (event.preventDefault(), go()));
  }
});
