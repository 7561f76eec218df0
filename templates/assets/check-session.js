// Answers services that ask whether the session they know is still the one of this browser
// (OpenID Connect Session Management 1.0, section 4.2).
"use strict";

const held = () => {
  const name = document.documentElement.dataset.cookie + "=";
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(name));
  return found ? found.slice(name.length) : "";
};

const hashed = async (text) => {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
};

const judge = async (message, origin) => {
  const parts = typeof message === "string" ? message.split(" ") : [];
  const [client, state] = parts;
  const dot = state ? state.lastIndexOf(".") : -1;
  if (parts.length !== 2 || client === "" || dot < 1) {
    return "error";
  }
  const salt = state.slice(dot + 1);
  const now = `${await hashed(`${client} ${origin} ${held()} ${salt}`)}.${salt}`;
  return now === state ? "unchanged" : "changed";
};

window.addEventListener("message", async (event) => {
  if (event.source && event.origin !== "null") {
    event.source.postMessage(await judge(event.data, event.origin), event.origin);
  }
});
