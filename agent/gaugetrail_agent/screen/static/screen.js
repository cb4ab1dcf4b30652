// The screen's only script: shows what the agent sends, takes touches, keys and scans. Nothing is ever evaluated: what
// the agent sends is parsed as a document of its own, in which scripts are dead, and its parts are moved over.
"use strict";

const page = document.documentElement.dataset;
const live = document.getElementById("live");
const at = "/" + encodeURIComponent(page.station);

const CUT_AFTER_MS = 4000;   // four beats
const ANEW_AFTER_MS = 9000;  // a connection that says nothing may be half dead
const VALUE_MS = 2000;       // so long a gauge's value stands that no newer one follows
const BURST_MS = 50;         // between two keys of a reader; people take twice as long
const BURST_LENGTH = 3;

const state = () => live.querySelector("[data-root]")?.dataset ?? {};
const word = (name) => live.querySelector(`[data-text="${name}"]`)?.textContent;

// --- sound

let audio = null;
const isQuiet = () => localStorage.getItem("gaugetrail-quiet") === "yes";
const TONES = { good: [[880, 0, .12], [1175, .12, .2]], bad: [[220, 0, .5]], refused: [[440, 0, .12], [330, .16, .12], [440, .32, .12]] };

function sound(tone) {
  if (isQuiet() || !TONES[tone]) return;
  audio ??= new AudioContext();
  for (const [pitch, after, length] of TONES[tone]) {
    const one = audio.createOscillator(), gain = audio.createGain(), start = audio.currentTime + after;
    one.type = tone === "bad" ? "square" : "sine";
    one.frequency.value = pitch;
    gain.gain.setValueAtTime(.25, start);
    gain.gain.exponentialRampToValueAtTime(.001, start + length);
    one.connect(gain).connect(audio.destination);
    one.start(start);
    one.stop(start + length);
  }
  document.body.dataset.heard = tone;
}

function showSound() {
  live.querySelector("[data-sound]")?.setAttribute("aria-pressed", String(!isQuiet()));
}

// --- what the agent sends

let told = null;

function draw(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-root]");
  const root = live.querySelector("[data-root]");
  const focused = document.activeElement?.dataset?.key;
  if (root === null) {
    live.replaceChildren(fresh);
  } else {
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = root.querySelector(`[data-part="${part.dataset.part}"]`);
      if (old.original !== part.outerHTML) {
        part.original = part.outerHTML;
        old.replaceWith(part);
      }
    }
    for (const name of Object.keys(fresh.dataset)) root.dataset[name] = fresh.dataset[name];
  }
  if (focused) [...live.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focused)?.focus();
  const now = state();
  document.documentElement.lang = now.lang;
  document.body.dataset.answer = now.answer;
  document.body.dataset.form = now.form;
  for (const copy of document.querySelectorAll("[data-copy]")) copy.textContent = word(copy.dataset.copy) ?? copy.textContent;
  if (told !== null && told !== now.told) sound(now.tone);
  if (told !== now.told) { opened = null; closePaper(); }
  if (paper && !live.querySelector(`[data-paper="${paper}"]`)) closePaper();
  told = now.told;
  showSound();
  showClock();
  showPads();
  showTyped();
  showOnly();
  live.querySelector("[data-now]")?.scrollIntoView({ block: "nearest" });
}

let clock = "--:--";
function showClock() {
  const one = live.querySelector("[data-clock]");
  if (one) one.textContent = clock;
}

// --- a gauge in motion

let valueEnds = null;

function showBar(bar) {
  const wanted = live.querySelector("[data-wanted]");
  if (wanted?.dataset.wanted !== bar.of) return;
  wanted.querySelector("[data-live-value]").textContent = bar.value.replace(".", state().comma);
  wanted.querySelector("[data-live-word]").hidden = !bar.moving;
  const mark = wanted.querySelector("[data-live-mark]");
  if (mark && bar.at !== null) {
    for (const end of ["x1", "x2"]) mark.setAttribute(end, bar.at);
    mark.setAttribute("visibility", "visible");
  }
  clearTimeout(valueEnds);
  valueEnds = setTimeout(forgetBar, VALUE_MS);
}

function forgetBar() {
  const wanted = live.querySelector("[data-wanted]");
  if (!wanted) return;
  wanted.querySelector("[data-live-value]").textContent = "–";
  wanted.querySelector("[data-live-word]").hidden = true;
  wanted.querySelector("[data-live-mark]")?.setAttribute("visibility", "hidden");
}

// --- the connection

let events = null, heard = Date.now(), isCut = true, lastGood = null, mayGoOn = false;

function cut() {
  if (isCut) return;
  isCut = true;
  document.body.classList.add("cut");
  forgetBar();
  forgetTyped();
  document.querySelector("#lost .since").hidden = lastGood === null;
  document.getElementById("since").textContent = lastGood ?? "";
}

function here() {
  isCut = false;
  document.body.classList.remove("cut");
}

function listen() {
  events?.close();
  mayGoOn = false;
  events = new EventSource("/live" + at);
  const on = (name, act) => events.addEventListener(name, (event) => { heard = Date.now(); act(event.data); });
  on("hello", (version) => { if (version !== page.version) location.reload(); });
  on("screen", (html) => { draw(html); mayGoOn = true; here(); });
  on("bar", (bar) => showBar(JSON.parse(bar)));
  on("beat", (time) => { lastGood = clock = time; showClock(); if (mayGoOn) here(); });
  events.onerror = () => {
    cut();
    mayGoOn = false;
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 1500);
  };
}

setInterval(() => {
  const silent = Date.now() - heard;
  if (silent > CUT_AFTER_MS) cut();
  if (silent > ANEW_AFTER_MS) { heard = Date.now(); listen(); }
}, 500);
addEventListener("pagehide", () => events?.close());

// --- what goes to the station, one after the other

let sending = Promise.resolve();

function send(text, by) {
  if (text === "") return;
  sending = sending.then(() => say(text, by));
}

async function say(text, by) {
  if (isCut) return notTaken(text);
  try {
    const body = JSON.stringify({ text, by, token: page.token });
    const told = { method: "POST", headers: { "content-type": "application/json" }, body, signal: AbortSignal.timeout(5000) };
    const answer = await fetch(at + "/say", told);
    if (answer.status === 403) location.reload();
    if (answer.ok) document.getElementById("not-taken").hidden = true;
    else notTaken(text);
  } catch {
    notTaken(text);
  }
}

function notTaken(text) {
  document.getElementById("not-taken-text").textContent = state().masked ? "" : text.replace(/[\x00-\x1f]/g, "␦");
  document.getElementById("not-taken").hidden = false;
  sound("refused");
}

// --- touch

let opened = null, prefix = "";

live.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const now = button.dataset;
  if (now.sends !== undefined) { opened = null; forgetTyped(); send(now.sends, "keys"); }
  else if (now.opens !== undefined) { opened = opened === now.opens ? null : now.opens; prefix = opened ? now.prefix : ""; typed = []; defects = []; }
  else if (now.in !== undefined) typed.push({ text: keyOf(button), at: event.timeStamp, touched: true });
  else if (now.shift !== undefined) { capitals = !capitals; showLayers(); }
  else if (now.layer !== undefined) { signs = !signs; showLayers(); }
  else if (now.defect !== undefined) { addDefect(now.defect, now.is); typed = [{ text: defectText(), at: event.timeStamp, touched: true }]; }
  else if (now.undefect !== undefined) { takeBackDefect(); typed = defects.length ? [{ text: defectText(), at: event.timeStamp, touched: true }] : []; }
  else if (now.back !== undefined) typed.pop();
  else if (now.enter !== undefined) enter();
  else if (now.only !== undefined) { only = now.only; showOnly(); }
  else if (now.paper !== undefined) openPaper(now.paper, now.title);
  else if (now.close !== undefined) { opened = null; forgetTyped(); }
  else if (now.sound !== undefined) { localStorage.setItem("gaugetrail-quiet", isQuiet() ? "no" : "yes"); showSound(); }
  // A key after a touch is the station's, not the button's.
  if (event.detail > 0) button.blur();
  showPads();
  showTyped();
});

// Of a list of orders, those of one part.
let only = "";
function showOnly() {
  if (!live.querySelector(`[data-only="${CSS.escape(only)}"]`)) only = "";
  for (const row of live.querySelectorAll("[data-part-number]")) row.hidden = only !== "" && row.dataset.partNumber !== only;
  for (const one of live.querySelectorAll("[data-only]")) one.setAttribute("aria-pressed", String(one.dataset.only === only));
}

// --- the pad for texts: small letters and capitals, signs behind a key

let capitals = true, signs = false;
const keyOf = (button) => capitals && button.dataset.letter !== undefined && button.dataset.in !== "ß" ? button.dataset.in.toUpperCase() : button.dataset.in;

function showLayers() {
  const pad = live.querySelector("[data-keys=letters]");
  if (!pad) return;
  for (const one of pad.querySelectorAll("[data-letter]")) one.textContent = keyOf(one);
  for (const [name, hidden] of [["letters", signs], ["signs", !signs]]) {
    for (const row of pad.querySelectorAll(`.layer-${name}`)) row.hidden = hidden;
  }
  pad.querySelector("[data-shift]").setAttribute("aria-pressed", String(capitals));
  pad.querySelector("[data-layer]").setAttribute("aria-pressed", String(signs));
}

// --- defects, put together of code, place and number: SCRATCH@A3*2,DENT

let defects = [];

function addDefect(what, is) {
  if (what === "code") defects.push({ code: is, place: "", count: 1 });
  const last = defects.at(-1);
  if (!last) return;
  if (what === "place") last.place = is;
  else if (what === "sign") last.place += is;
  else if (what === "count") last.count = Number(is);
  else if (what === "more") last.count += 1;
}

function takeBackDefect() {
  const last = defects.at(-1);
  if (!last) return;
  if (last.count > 1) last.count = 1;
  else if (last.place) last.place = "";
  else defects.pop();
}

const defectText = () => defects.map((one) => one.code + (one.place && `@${one.place}`) + (one.count > 1 ? `*${one.count}` : "")).join(",");

function showPads() {
  showLayers();
  const wanted = opened ?? state().pad ?? "";
  for (const pad of live.querySelectorAll("[data-keys]")) pad.hidden = pad.dataset.keys !== wanted;
  document.body.dataset.pad = wanted;
}

function showTyped() {
  const text = typed.map((one) => one.text).join("");
  const local = document.body.dataset.pad === "number" ? text.replace(".", state().comma) : text;
  const shown = state().masked ? "•".repeat(typed.length) : (prefix + local).replace(/[\x00-\x1f]/g, "␦");
  document.getElementById("typed-text").textContent = shown;
  document.getElementById("typed").hidden = shown === "";
}

// --- a document to read: closed as soon as anything is said, or another edition holds

let paper = null;

async function openPaper(sha256, title) {
  paper = sha256;
  opened = null;
  let text = null;
  try {
    const answer = await fetch(`/paper${at}/${sha256}`, { signal: AbortSignal.timeout(5000) });
    if (answer.ok) text = await answer.text();
  } catch { /* said below */ }
  if (paper !== sha256) return;
  document.getElementById("paper-title").textContent = title;
  document.getElementById("paper-text").textContent = text ?? word("no-paper");
  document.getElementById("paper").hidden = false;
}

function closePaper() {
  paper = null;
  document.getElementById("paper").hidden = true;
}

document.getElementById("paper-close").addEventListener("click", closePaper);

// --- keys, of people and of readers that type

let typed = [];
let alt = "";

function forgetTyped() {
  typed = [];
  defects = [];
  prefix = "";
  showTyped();
}

function enter() {
  const text = typed.map((one) => one.text).join("").trim();
  const before = prefix;
  opened = null;
  forgetTyped();
  if (text !== "") send(before + text, "keys");
}

// Keys that came as fast as no person types are a reader's. They are never taken apart: half a code may be another's.
function isBurst(keys) {
  if (keys.length < BURST_LENGTH) return false;
  const gaps = keys.slice(1).map((one, number) => one.at - keys[number].at).sort((one, other) => one - other);
  return gaps[gaps.length >> 1] <= BURST_MS;
}

// What was touched on the pad before stays there.
function keysSince() {
  return typed.slice(typed.findLastIndex((one) => one.touched) + 1);
}

function ended() {
  const keys = keysSince();
  if (!isBurst(keys)) return enter();
  typed.length -= keys.length;
  showTyped();
  send(keys.map((one) => one.text).join(""), "scan");
}

// Readers send control characters as Ctrl and a key: group separator is Ctrl ].
function controlled(event) {
  const code = event.key.length === 1 ? event.key.toUpperCase().charCodeAt(0) : 0;
  return code >= 64 && code <= 95 ? String.fromCharCode(code - 64) : null;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.metaKey) return;
  const take = (text) => { event.preventDefault(); typed.push({ text, at: event.timeStamp }); showTyped(); };
  if (event.altKey && /^Numpad[0-9]$/.test(event.code)) { alt += event.code.at(-1); event.preventDefault(); return; }
  if (event.ctrlKey && !event.altKey) {
    const text = controlled(event);
    if (text === "\r" || text === "\n") { event.preventDefault(); if (typed.length) ended(); return; }
    if (text !== null) take(text);
    return;
  }
  if (event.key === "Enter" && typed.length) { event.preventDefault(); ended(); return; }
  if (event.key === "Tab" && isBurst(keysSince())) { event.preventDefault(); ended(); return; }
  if (event.key === "Backspace") { event.preventDefault(); typed.pop(); showTyped(); return; }
  if (event.key === "Escape") { closePaper(); opened = null; forgetTyped(); showPads(); return; }
  const isPress = event.key === " " && typed.length === 0 && document.activeElement?.closest("button, a");
  if ([...event.key].length === 1 && !isPress) take(event.key);
}, true);

document.addEventListener("keyup", (event) => {
  if (event.key !== "Alt" || alt === "") return;
  const code = Number(alt);
  alt = "";
  if (code < 256) { typed.push({ text: String.fromCharCode(code), at: event.timeStamp }); showTyped(); }
}, true);

for (const part of live.querySelectorAll("[data-part]")) part.original = part.outerHTML;
told = state().told ?? null;
showSound();
showPads();
listen();
