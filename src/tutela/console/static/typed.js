// What is typed into a decision is kept on the server as it is typed, one writing after the other.
// What the server has not confirmed lies in this tab meanwhile, so that a reload brings it back.
// @ts-check

const PAUSE = 400;
const AGAIN = 3000;
const OWN = ["csrf", "lease", "size", "writer", "seen", "over"];

/** @param {HTMLFormElement} form @param {Record<string, string>} kept */
function fill(form, kept) {
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[type=checkbox]"))) {
    if (!OWN.includes(field.name)) field.checked = field.name in kept;
  }
  for (const [name, value] of Object.entries(kept)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === "checkbox") continue;
    if (field instanceof HTMLInputElement && field.type === "radio") field.checked = field.value === value;
    else if (field && "value" in field) field.value = value;
  }
}

export function startTyped() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-keep]"));
  if (!form) return;
  const to = form.dataset.keep ?? "";
  const place = `tutela-${to}`;
  const told = /** @type {HTMLElement | null} */ (form.querySelector("[data-kept]"));
  const overtaken = /** @type {HTMLElement} */ (form.querySelector("[data-overtaken]"));
  const mine = /** @type {HTMLInputElement} */ (form.querySelector("[data-mine]"));
  let strokes = Date.now();
  let timer = 0;
  let busy = false;
  let leaving = false;
  // What there is to say stands on the page, in its language.
  const say = (/** @type {string} */ what) => { if (told) told.textContent = told.dataset[`${what}Said`] ?? ""; };

  /** @returns {Record<string, string>} */
  const typed = () => {
    const fields = Object.fromEntries(/** @type {Iterable<[string, string]>} */ (new FormData(form)));
    for (const name of OWN) delete fields[name];
    return fields;
  };
  const packed = () => {
    const all = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    strokes += 1;
    all.set("stroke", String(strokes));
    return all;
  };
  const waits = () => sessionStorage.getItem(place) !== null;

  const send = async () => {
    clearTimeout(timer);
    if (busy || !waits()) return;
    busy = true;
    const sent = sessionStorage.getItem(place);
    let again = PAUSE;
    try {
      const answer = await fetch(to, { method: "POST", body: packed(), headers: { "HX-Request": "true" } });
      if (answer.ok) {
        if (sessionStorage.getItem(place) === sent) sessionStorage.removeItem(place);
        overtaken.hidden = true;
        mine.checked = false;
        say("kept");
      } else if (answer.status === 409) {
        overtaken.hidden = false;
        say("choose");
        again = 0;
      } else {
        say(answer.status === 401 ? "signedOut" : "again");
        again = AGAIN;
      }
    } catch {
      say("silent");
      again = AGAIN;
    }
    busy = false;
    if (again && waits()) timer = setTimeout(send, again);
  };

  const changed = (/** @type {number} */ after) => {
    sessionStorage.setItem(place, JSON.stringify(typed()));
    clearTimeout(timer);
    timer = setTimeout(send, after);
  };
  try {
    const unsent = sessionStorage.getItem(place);
    if (unsent) { fill(form, JSON.parse(unsent)); changed(0); }
  } catch {
    sessionStorage.removeItem(place);
  }
  form.addEventListener("input", () => changed(PAUSE));
  form.addEventListener("change", () => changed(0));
  form.querySelector("[data-theirs]")?.addEventListener("click", (event) => {
    event.preventDefault();
    sessionStorage.removeItem(place);
    leaving = true;
    location.reload();
  });
  form.addEventListener("submit", () => { leaving = true; clearTimeout(timer); sessionStorage.removeItem(place); });
  // The last words before the page goes away; unanswered, they lie in the tab as well.
  addEventListener("pagehide", () => { if (!leaving && waits()) navigator.sendBeacon(to, packed()); });
}
