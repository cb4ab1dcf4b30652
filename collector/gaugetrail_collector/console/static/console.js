// The console's only script: keeps live parts fresh, takes a scanner's keystrokes, prints. Nothing is ever evaluated:
// what the server sends is parsed as a document of its own, in which scripts are dead, and its nodes are moved over.
"use strict";

const lost = document.querySelector("[data-lost]");
const live = document.querySelector("[data-live]");

if (live) {
  let shown = null;
  const draw = (html) => {
    shown = html;
    live.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  };
  const listen = () => {
    const events = new EventSource(live.dataset.live);
    events.onopen = () => { lost.hidden = true; };
    events.onmessage = (event) => {
      lost.hidden = true;
      if (event.data !== shown) draw(event.data);
    };
    events.onerror = () => {
      lost.hidden = false;
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    };
    addEventListener("pagehide", () => events.close());
  };
  listen();
}

// A scanner is a keyboard that nobody clicks into a field for.
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("input[type=search]");
  const elsewhere = !event.target.closest("input, button, a, select, textarea");
  if (field && elsewhere && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey && !event.metaKey) {
    field.focus();
  }
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
}
