// Signs up and in.

import { byId, submits } from "./dom.js";
import { post } from "./http.js";

let isNew = false;

/** Shows the form; `done` is called with who is signed in. */
export function showSignIn(done) {
  const form = byId("sign-form");
  byId("app").hidden = true;
  byId("sign").hidden = false;
  setMode(form, false);
  form.elements.username.focus();
  byId("sign-switch").onclick = () => setMode(form, !isNew);
  submits(form, async () => {
    const error = form.querySelector(".error");
    error.textContent = "";
    const { username, password, display_name } = form.elements;
    const body = { username: username.value, password: password.value, device: deviceName() };
    if (isNew) body.display_name = display_name.value;
    try {
      const me = await post(isNew ? "/api/sign-up" : "/api/sign-in", body);
      password.value = "";
      byId("sign").hidden = true;
      done(me);
    } catch (failure) {
      error.textContent = failure.message;
      password.select();
    }
  });
}

function setMode(form, up) {
  isNew = up;
  for (const part of form.querySelectorAll("[data-only=up]")) part.hidden = !up;
  form.elements.password.autocomplete = up ? "new-password" : "current-password";
  form.querySelector("[type=submit]").textContent = up ? "Sign up" : "Sign in";
  byId("sign-switch").textContent = up ? "I have an account" : "I have no account yet";
  form.querySelector(".error").textContent = "";
}

function deviceName() {
  const agent = navigator.userAgent;
  const browser = ["Firefox", "Edg", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? "Browser";
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"].find((name) => agent.includes(name)) ?? "device";
  return `${browser === "Edg" ? "Edge" : browser} on ${system}`;
}
