// The dashboard's module: it brings pages up to date, tells times in the viewer's zone,
// asks before acts and adds the keyboard. Without it the pages are whole, and forms do the acts.

const body = document.body;
const prefix = body.dataset.prefix;

// Times

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

function ago(at) {
  const seconds = Math.round((Date.now() - at) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 14 * 86400) return `${Math.floor(seconds / 86400)} d ago`;
  return date.format(at);
}

function tellTimes(root) {
  for (const time of root.querySelectorAll("time[data-form]")) {
    const at = new Date(time.dateTime);
    const same = at.toDateString() === new Date().toDateString();
    const text = { ago, day: (t) => day.format(t), time: (t) => (same ? clock : day).format(t) }[time.dataset.form](at);
    if (time.textContent !== text) time.textContent = text;
    time.title = `${day.format(at)} here, ${time.title.replace(/^.* here, /, "")}`;
  }
}

const zone = document.querySelector("[data-zone]");
if (zone) zone.textContent = `Times are in ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`;

// Bringing the page up to date: its new text is fetched, and what differs is changed in
// place, so that scroll, focus, what is unfolded and what is being typed stay.

function key(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id : "";
}

function alike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);
}

function morph(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  if (from.matches("dialog[open]")) return;
  if (from.matches("input, select, textarea") && from === document.activeElement) return;
  const keep = from.nodeName === "DETAILS" || from.nodeName === "DIALOG" ? "open" : "";
  for (const { name, value } of to.attributes) {
    if (name !== keep && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (name !== keep && !to.hasAttribute(name)) from.removeAttribute(name);
  }
  morphChildren(from, to);
}

function morphChildren(from, to) {
  const known = new Map();
  for (const child of from.children) if (child.id) known.set(child.id, child);
  let at = from.firstChild;
  for (const want of [...to.childNodes]) {
    const same = key(want) && known.get(want.id);
    if (same && same !== at && same.nodeName === want.nodeName) from.insertBefore(same, at), at = same;
    if (at && alike(at, want)) {
      const next = at.nextSibling;
      morph(at, want);
      at = next;
    } else {
      from.insertBefore(want, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    if (!asks(at)) at.remove();
    at = next;
  }
}

// asks says whether there is an open dialog in a node: somebody reads it, and it stays.
function asks(node) {
  return node.nodeType === Node.ELEMENT_NODE && (node.matches("dialog[open]") || node.querySelector("dialog[open]") !== null);
}

let fetching = false;
let again = false;

async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) location.assign(answer.url); // to sign in
    else if (answer.status === 404) location.reload(); // somebody deleted it
    else if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      tellTimes(fresh);
      morph(document.querySelector("main"), fresh.querySelector("main"));
      document.title = fresh.title;
      follow(fresh.body.dataset.live);
    }
  } catch {
    // the stream says when the server is back
  } finally {
    fetching = false;
    if (again) {
      again = false;
      soon();
    }
  }
}

let timer = 0;
const pause = body.dataset.live?.includes("/flows/stream") ? 1000 : 250;

function soon() {
  timer ||= setTimeout(() => { timer = 0; refresh(); }, pause);
}

// Following the stream

const events = [
  "run_started", "step_started", "step_completed", "step_failed", "step_skipped", "timer_set", "signal_received",
  "compensation_started", "step_compensated", "compensation_failed", "run_restarted", "run_paused", "run_resumed",
  "run_completed", "run_failed", "run_cancelled", "reset",
];
let source = null;
let live = body.dataset.live; // the stream that the page asks for
const state = document.querySelector("[data-live-state]");

function say(live) {
  if (!state) return;
  state.hidden = false;
  state.classList.toggle("off", !live);
  state.textContent = live ? "Live" : "Not live";
}

function follow(url) {
  live = url;
  if (!url || document.visibilityState !== "visible") {
    source?.close();
    source = null;
    if (state) state.hidden = true;
    return;
  }
  if (source) return;
  source = new EventSource(url);
  source.onopen = () => say(true);
  source.onerror = () => {
    say(false);
    if (source?.readyState === EventSource.CLOSED) source = null; // over, or there is none: see below
  };
  for (const name of events) source.addEventListener(name, soon);
}

// A browser has few connections for a server: a page that nobody sees gives its own back.
document.addEventListener("visibilitychange", () => {
  if (!live) return;
  if (document.visibilityState === "visible") soon();
  else follow(live);
});

// What lasts gets longer, and where there is no stream the page is looked up all the same.
setInterval(() => {
  const lasts = document.querySelector(".chart .b-running, .chart .b-waiting");
  if (document.visibilityState === "visible" && live && (lasts || !source)) soon();
}, 5000);

// Acts: the form is sent as JSON, and what is wrong is said where it was asked.

async function send({ method, url, value }) {
  const answer = await fetch(url, {
    method, headers: { Accept: "application/json", "Content-Type": "application/json" }, body: value,
  });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(said.detail || said.title || `The server answers ${answer.status}.`);
  return said;
}

function request(form, button) {
  const url = form.getAttribute("action");
  const fields = Object.fromEntries(new FormData(form));
  switch (form.dataset.act) {
    case "signal":
      return { method: "POST", url, value: fields.payload };
    case "delete":
      return { method: "DELETE", url: url.replace(/\/delete$/, "") };
    case "bulk": {
      const { act, reason } = fields;
      const filter = {}; // all of it: what is left out would select more
      for (const { name, value } of form.querySelectorAll("[data-filter]")) (filter[name] ??= []).push(value);
      return { method: "POST", url, value: JSON.stringify({ act, reason, dry_run: !button.matches("[data-confirm]"), filter }) };
    }
  }
  return { method: "POST", url, value: JSON.stringify(fields) };
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!form.dataset.act || button?.formMethod === "dialog") return;
  event.preventDefault();
  const problem = form.querySelector(".problem");
  if (problem) problem.hidden = true;
  button.disabled = true;
  try {
    const said = await send(request(form, button));
    if (form.dataset.act === "bulk") return counted(form, button, said);
    form.closest("dialog")?.close();
    if (said.new_run_id) location.assign(`${prefix}/admin/flows/${encodeURIComponent(said.new_run_id)}`);
    else if (form.dataset.act === "delete") location.assign(`${prefix}/admin/flows`);
    else soon();
  } catch (error) {
    if (problem) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  } finally {
    button.disabled = false;
  }
});

// counted says how many runs an act is for, or for how many it was done.
function counted(form, button, said) {
  const out = form.querySelector(".counted");
  const confirm = form.querySelector("[data-confirm]");
  const act = form.elements.act.selectedOptions[0].textContent;
  if (said.dry_run) {
    const n = said.matched;
    out.textContent = n === 1 ? "1 run fits." : `${n} runs fit.`;
    confirm.textContent = n === 1 ? `${act} 1 run` : `${act} ${n} runs`;
    confirm.hidden = n === 0;
    return;
  }
  const failed = said.failed.length + said.more;
  out.textContent = `Done for ${said.done}${failed ? `, not for ${failed}: ${said.failed[0].detail}` : "."}`;
  confirm.hidden = true;
  soon();
}

document.addEventListener("change", (event) => {
  if (event.target.name === "act") { // another act, another number
    event.target.form.querySelector("[data-confirm]").hidden = true;
    event.target.form.querySelector(".counted").textContent = "";
  }
  if (event.target.form?.matches(".filter")) event.target.form.requestSubmit();
});

// Fields of the filter that are empty do not get into the address.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches(".filter")) return;
  const fields = [...event.formData];
  for (const [name] of fields) event.formData.delete(name);
  for (const [name, value] of fields) if (value) event.formData.append(name, value);
});

// Dialogs open by themselves (command and commandfor); browsers that do not know that yet
// are told.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    if (button) document.getElementById(button.getAttribute("commandfor"))?.showModal();
  });
}

// The keyboard

function move(by) {
  const rows = [...document.querySelectorAll("[data-row]")].map((row) => (row.nodeName === "DETAILS" ? row.firstElementChild : row));
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)].focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
  u: () => document.querySelector("[data-up]")?.click(),
  a: () => document.querySelector(".acts button")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches("input, textarea, select") && !event.target.closest("dialog")) event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  if (document.querySelector("dialog[open]")) return;
  const does = keys[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

// A link to a folded block unfolds it.
function unfold() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.nodeName === "DETAILS") target.open = true;
}

addEventListener("hashchange", unfold);
unfold();
tellTimes(document);
setInterval(() => tellTimes(document), 15000);
if (body.dataset.live) follow(body.dataset.live);
