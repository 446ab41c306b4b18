// Looking: a rung is tapped (it stays until hidden or its seconds are over) or held (letting go
// hides). Each look is a grant of its own, and ends where the person stops seeing. How long a key
// was down is read from its events, not from when a busy page got round to them.
// @ts-check

const HELD_AFTER = 300;

/** @returns {{closer: (at: number) => void, again: (at: number) => void, letGo: (at: number) => void, hide: () => void}} */
export function startStage() {
  const stage = document.getElementById("stage");
  const ladder = /** @type {HTMLFormElement | null} */ (document.getElementById("ladder"));
  const nothing = /** @type {HTMLTemplateElement | null} */ (document.getElementById("nothing"));
  let pressed = 0;
  let letGoEarly = false;
  let rung = -1;
  let timer = 0;

  /** @returns {HTMLElement | null} */
  const shown = () => (stage ? stage.querySelector(".shown") : null);

  const clear = () => {
    clearInterval(timer);
    if (stage && nothing) stage.replaceChildren(nothing.content.cloneNode(true));
  };

  /** Hide the picture and have its end recorded; `leaving` when the page goes away. */
  const hide = (leaving = false) => {
    const figure = shown();
    if (!figure) return;
    const form = /** @type {HTMLFormElement} */ (figure.querySelector("[data-end]"));
    const fields = new URLSearchParams({ csrf: form.elements["csrf"].value });
    clear();
    if (leaving) navigator.sendBeacon(form.action, fields);
    else fetch(form.action, { method: "POST", body: fields, headers: { "HX-Request": "true" }, keepalive: true });
  };

  const follow = () => {
    const figure = shown();
    if (!figure) return;
    const picture = /** @type {HTMLImageElement} */ (figure.querySelector("img"));
    const left = /** @type {HTMLProgressElement} */ (figure.querySelector("progress"));
    const end = Date.now() + Number(figure.dataset.seconds) * 1000;
    timer = setInterval(() => {
      left.value = Math.max(0, (end - Date.now()) / 1000);
      if (left.value === 0) hide();
    }, 200);
    picture.addEventListener("error", () => {
      clearInterval(timer);
      const said = figure.querySelector("[data-said]");
      if (said) said.textContent = figure.dataset.unavailable ?? "";
      picture.remove();
      left.remove();
      unavailable();
    });
  };

  // The server recorded why; the page says so without losing what was typed.
  const unavailable = () => document.getElementById("availability")?.dispatchEvent(new Event("failed"));

  const rungs = ladder ? /** @type {HTMLButtonElement[]} */ ([...ladder.querySelectorAll("[data-rung]")]) : [];

  /** @param {number} index @param {number} at */
  const look = (index, at) => {
    const button = rungs[index];
    if (!ladder || !button || button.disabled || pressed) return;
    const purpose = /** @type {HTMLInputElement} */ (ladder.elements["purpose"]);
    if (button.hasAttribute("data-purposeful") && !purpose.value.trim()) {
      purpose.focus();
      return;
    }
    hide();
    rung = index;
    pressed = at;
    letGoEarly = false;
    rungs.forEach((one, place) => one.setAttribute("aria-pressed", String(place === index)));
    button.click();
  };

  /** @param {number} at */
  const letGo = (at) => {
    if (!pressed) return;
    const held = at - pressed > HELD_AFTER;
    pressed = 0;
    if (!held) return;
    letGoEarly = !shown();
    hide();
  };

  if (ladder && stage) {
    rungs.forEach((button, index) => {
      button.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        button.setPointerCapture(event.pointerId);
        look(index, event.timeStamp);
      });
      button.addEventListener("pointerup", (event) => letGo(event.timeStamp));
      button.addEventListener("pointercancel", (event) => letGo(event.timeStamp));
      // The pointer has asked already when its click arrives; a key's or a script's click asks here.
      button.addEventListener("click", (event) => { if (event.detail > 0) event.preventDefault(); });
    });
    stage.addEventListener("htmx:beforeSwap", (event) => {
      if (event.target !== stage) return;
      // Let go before it came: the grant stays unused, and nothing was seen.
      if (letGoEarly) /** @type {CustomEvent} */ (event).detail.shouldSwap = false;
      letGoEarly = false;
    });
    stage.addEventListener("htmx:afterSwap", (event) => { if (event.target === stage) follow(); });
    stage.addEventListener("submit", (event) => {
      if (/** @type {Element} */ (event.target).matches("[data-end]")) { event.preventDefault(); hide(); }
    });
    follow();
  }
  addEventListener("blur", () => hide());
  addEventListener("pagehide", () => hide(true));
  document.addEventListener("visibilitychange", () => { if (document.hidden) hide(); });

  return {
    closer: (at) => look(Math.min(rung + 1, rungs.length - 1), at),
    again: (at) => look(Math.max(rung, 0), at),
    letGo,
    hide: () => hide(),
  };
}
