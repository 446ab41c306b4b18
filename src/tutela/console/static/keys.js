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
    next: () => step(1),
    previous: () => step(-1),
    claim,
    queue: () => location.assign("/console/queue"),
    take: () => { one("[data-next]")?.click(); },
    skip: () => { one("[data-skip]")?.click(); },
    danger,
    closer: stage.closer,
    again: stage.again,
    reveal: reveal.hold,
    abusive: () => choose("input[name=outcome][value=abusive]"),
    not_abusive: () => choose("input[name=outcome][value=not_abusive]"),
    note: () => { one("[data-note]")?.focus(); },
    undo: () => { one("[data-undo]")?.click(); },
    cannot_tell: cannotTell,
    sheet: () => sheet?.showModal(),
  };
  for (let digit = 1; digit <= 9; digit += 1) actions[`fact${digit}`] = () => choose(`[data-digit='${digit}']`);
  // The server's table, with what the person has changed: by key, what it does.
  /** @type {Record<string, string>} */
  const keymap = JSON.parse(document.body.dataset.keymap ?? "{}");

  addEventListener("keydown", (event) => {
    if (event.key === "Escape") { stage.hide(); return; }
    const target = /** @type {Element} */ (event.target);
    const typing = target.matches("input:not([type=radio]), textarea, select") || sheet?.open;
    if (typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[keymap[event.key]];
    if (action) { event.preventDefault(); action(event.timeStamp); }
  });
  addEventListener("keyup", (event) => { if (["closer", "again"].includes(keymap[event.key])) stage.letGo(event.timeStamp); });
  addEventListener("keyup", (event) => { if (keymap[event.key] === "reveal") reveal.letGo(); });
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
