// One key for everything; none of them while somebody types.
// @ts-check

/** @param {string} what @returns {HTMLElement | null} */
const one = (what) => document.querySelector(what);

/** @param {number} by */
function step(by) {
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-rows] tbody tr, [data-file]")]);
  if (!all.length) return;
  const active = document.activeElement;
  const focused = all.findIndex((entry) => entry === active || entry.contains(active));
  const marked = focused >= 0 ? focused : all.findIndex((entry) => entry.hasAttribute("aria-current"));
  const next = all[Math.max(0, Math.min(all.length - 1, marked < 0 ? 0 : marked + by))];
  if (next instanceof HTMLAnchorElement) { if (!next.hasAttribute("aria-current")) next.click(); return; }
  all.forEach((entry) => { entry.tabIndex = entry === next ? 0 : -1; });
  next.focus();
}

function claim() {
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  const row = active?.closest("tr") ?? one("[data-rows] tbody tr");
  const button = /** @type {HTMLElement | null} */ (row ? row.querySelector("[data-claim]") : one("[data-claim]"));
  button?.click();
}

/** @param {string} what */
function choose(what) {
  const radio = /** @type {HTMLInputElement | null} */ (one(what));
  if (!radio) return;
  radio.closest("details")?.setAttribute("open", "");
  radio.checked = true;
  radio.focus({ preventScroll: false });
  radio.dispatchEvent(new Event("change", { bubbles: true }));
}

function cannotTell() {
  document.querySelectorAll("[data-digit='0']").forEach((radio) => {
    /** @type {HTMLInputElement} */ (radio).checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// Two keys from any screen that shows a case: this one, and Enter.
function danger() {
  const dialog = /** @type {HTMLDialogElement | null} */ (one("#danger"));
  const form = dialog?.querySelector("form");
  if (!dialog || !form) return;
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  const row = /** @type {HTMLElement | null} */ (active?.closest("tr[data-href]") ?? one("[data-rows] tbody tr"));
  if (row?.dataset.href) form.setAttribute("action", `${row.dataset.href}/escalate`);
  if (!form.getAttribute("action")) return;
  dialog.showModal();
  const reason = /** @type {HTMLInputElement} */ (form.elements.namedItem("reason"));
  reason.focus();
  reason.select();
}

/** @param {{closer: (at: number) => void, again: (at: number) => void, letGo: (at: number) => void, hide: () => void}} stage @param {{hold: () => void, letGo: () => void}} reveal */
export function startKeys(stage, reveal) {
  const sheet = /** @type {HTMLDialogElement | null} */ (one("#keys"));
  /** @type {Record<string, (at: number) => void>} */
  const actions = {
    j: () => step(1),
    k: () => step(-1),
    c: claim,
    q: () => location.assign("/console/queue"),
    x: () => { one("[data-next]")?.click(); },
    s: () => { one("[data-skip]")?.click(); },
    "!": danger,
    v: stage.closer,
    r: stage.again,
    f: reveal.hold,
    a: () => choose("input[name=outcome][value=abusive]"),
    n: () => choose("input[name=outcome][value=not_abusive]"),
    d: () => { one("[data-note]")?.focus(); },
    u: () => { one("[data-undo]")?.click(); },
    0: cannotTell,
    "?": () => sheet?.showModal(),
  };
  for (let digit = 1; digit <= 9; digit += 1) actions[digit] = () => choose(`[data-digit='${digit}']`);

  addEventListener("keydown", (event) => {
    if (event.key === "Escape") { stage.hide(); return; }
    const target = /** @type {Element} */ (event.target);
    const typing = target.matches("input:not([type=radio]), textarea") || sheet?.open;
    if (typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(event.timeStamp); }
  });
  addEventListener("keyup", (event) => { if (event.key === "v" || event.key === "r") stage.letGo(event.timeStamp); });
  addEventListener("keyup", (event) => { if (event.key === "f") reveal.letGo(); });
  one("[data-keys]")?.addEventListener("click", () => sheet?.showModal());

  document.querySelectorAll("tr[data-href]").forEach((row) => {
    const open = () => location.assign(/** @type {HTMLElement} */ (row).dataset.href ?? "");
    row.addEventListener("click", (event) => {
      if (!(/** @type {Element} */ (event.target).closest("a, button"))) open();
    });
    row.addEventListener("keydown", (event) => {
      if (event.target === row && /** @type {KeyboardEvent} */ (event).key === "Enter") open();
    });
  });
  // The first waiting case is marked, so that a key is enough.
  if (document.body.dataset.page === "queue") one("[data-rows] tbody tr")?.focus({ preventScroll: true });
}
