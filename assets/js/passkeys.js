// Passkeys: shown only where the browser knows them. A form with data-passkey fetches a challenge, lets the device
// answer it, and sends the answer as its hidden field "passkey"; everything else is the page's own form. What is said
// when that fails stands in data-unused-words and data-known-words, in the page's language.

"use strict";

class RefusedError extends Error {} // in the server's own sentence

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function withBytes(options) {
  const described = (one) => ({ ...one, id: toBytes(one.id) });
  const made = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: toBytes(options.user.id) };
  if (options.excludeCredentials) made.excludeCredentials = options.excludeCredentials.map(described);
  if (options.allowCredentials) made.allowCredentials = options.allowCredentials.map(described);
  return made;
}

function asJson(credential) {
  const response = { clientDataJSON: toText(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  const { id, type } = credential;
  return JSON.stringify({ id, rawId: toText(credential.rawId), type, response, clientExtensionResults: {} });
}

async function challengeFor(form) {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const token = form.elements.csrf_token.value;
  if (token) headers["x-csrf-token"] = token;
  const body = JSON.stringify({ use: form.dataset.passkey });
  const answer = await fetch("/api/v1/passkey-challenges", { method: "POST", headers, body });
  const told = await answer.json();
  if (!answer.ok) throw new RefusedError(told.detail);
  return withBytes(told.options);
}

function say(form, sentence) {
  const place = form.querySelector("[role=alert]");
  place.textContent = sentence;
  place.hidden = !sentence;
}

async function use(event) {
  const form = event.currentTarget;
  event.preventDefault();
  say(form, "");
  try {
    const publicKey = await challengeFor(form);
    const making = form.dataset.passkey === "registration";
    const credential = await (making ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    form.elements.passkey.value = asJson(credential);
    form.submit(); // sends the form without asking this listener again
  } catch (error) {
    // "NotAllowedError" covers a closed window, a time that ran out and a device without a passkey.
    let sentence = form.dataset.unusedWords;
    if (error.name === "InvalidStateError") sentence = form.dataset.knownWords;
    if (error instanceof RefusedError) sentence = error.message;
    say(form, sentence);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  if (!window.PublicKeyCredential) return;
  for (const part of document.querySelectorAll("[data-passkeys]")) part.hidden = false;
  for (const form of document.querySelectorAll("form[data-passkey]")) form.addEventListener("submit", use);
});
