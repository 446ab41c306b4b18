// Grounds follow their outcome; sending needs a held button.
// @ts-check

const HOLD = 900;

/** Choosing an outcome leaves no grounds of the other, and grounds bring their outcome. */
function pairGrounds() {
  document.querySelectorAll(".choice").forEach((choice) => choice.addEventListener("change", (event) => {
    const outcome = /** @type {HTMLInputElement} */ (choice.querySelector("[name=outcome]"));
    outcome.checked = true;
    if (event.target === outcome && !choice.querySelector("[name=grounds]:checked")) {
      /** @type {HTMLInputElement} */ (choice.querySelector("[name=grounds]")).checked = true;
    }
  }));
}

/** A button that acts when it was held, by pointer or key, and not when it was hit. */
function holdToSend() {
  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-hold]");
    if (button) event.preventDefault();
  });
  let timer = 0;
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    document.querySelectorAll(".holding").forEach((button) => button.classList.remove("holding"));
  };
  /** @param {Event} event */
  const start = (event) => {
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {Element} */ (event.target).closest("[data-hold]"));
    if (!button || timer) return;
    event.preventDefault();
    button.focus();
    button.classList.add("holding");
    timer = setTimeout(() => { stop(); button.form?.requestSubmit(); }, HOLD);
  };
  const keyed = (/** @type {KeyboardEvent} */ event) => event.key === "Enter" || event.key === " ";
  document.addEventListener("pointerdown", start);
  document.addEventListener("keydown", (event) => { if (keyed(event)) start(event); });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, stop);
  document.addEventListener("keyup", (event) => { if (keyed(event)) stop(); });
  document.querySelectorAll("[data-hold-hint]").forEach((hint) => {
    hint.textContent = `${/** @type {HTMLElement} */ (hint).dataset.holdHint} ${hint.textContent}`;
  });
}

export function startForms() {
  pairGrounds();
  holdToSend();
}
