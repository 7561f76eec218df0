// Four comforts. Every page works without them.
"use strict";

// An element with text: text is all that is ever put into a page, never markup.
function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  if (name === "button") made.type = "button";
  return made;
}

// A line that screen readers speak when it changes.
function status() {
  const line = element("span", "unseen", "");
  line.setAttribute("aria-live", "polite");
  return line;
}

// Show and hide a password. It is hidden again before it is sent and when the page comes back.
for (const input of document.querySelectorAll("input[data-show]")) {
  const what = input.dataset.show;
  const button = element("button", "show", "");
  const spoken = status();
  const turn = (visible, say) => {
    input.type = visible ? "text" : "password";
    button.textContent = (visible ? "Hide " : "Show ") + what;
    if (say) spoken.textContent = "Your password is " + (visible ? "visible" : "hidden");
  };
  turn(false);
  input.after(button, spoken);
  button.addEventListener("click", () => turn(input.type === "password", true));
  input.form.addEventListener("submit", () => turn(false));
  addEventListener("pageshow", () => turn(false));
}

// A second press within two seconds is an accident: do not send the form again.
for (const form of document.forms) {
  let sent = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - sent < 2000) event.preventDefault();
    else sent = event.timeStamp;
  });
}

// Leave at once, and without this page among those that the Back button leads to.
for (const exit of document.querySelectorAll("a.exit")) {
  exit.addEventListener("click", (event) => {
    event.preventDefault();
    location.replace(exit.href);
  });
}

// Copy what people would otherwise have to retype.
for (const source of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = element("button", "show", source.dataset.copy);
  const spoken = element("span", "copied", "");
  spoken.setAttribute("role", "status");
  source.parentElement.append(button, spoken);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent);
    spoken.textContent = "Copied";
  });
}
