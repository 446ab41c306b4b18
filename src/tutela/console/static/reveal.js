// Revealing: while a pointer or a key is held on the ground, the server is asked for the one tile
// under it; letting go drops the tile. The browser holds at most one tile, and never the rest.
// @ts-check

const RESTED = 150;
const TILE_SHARE = 0.05;
const STEP = 50;
const SMALL_STEP = 10;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {number} value */
const within = (value) => Math.max(0, Math.min(1000, Math.round(value)));

/** @returns {{hold: () => void, letGo: () => void}} */
export function startReveal() {
  const stage = document.getElementById("stage");
  let spot = { across: 500, down: 500 };
  let asked = { across: -1, down: -1 };
  let held = false;
  let timer = 0;

  /** @param {string} what @returns {HTMLElement | null} */
  const part = (what) => (stage ? stage.querySelector(what) : null);

  const draw = () => {
    const ground = part("[data-ground]");
    const ring = part("[data-spot]");
    const form = /** @type {HTMLFormElement | null} */ (part("[data-spotted]"));
    if (!ground || !ring || !form) return;
    const size = 2 * Math.sqrt((TILE_SHARE * ground.clientWidth * ground.clientHeight) / Math.PI);
    ring.hidden = false;
    ring.style.width = ring.style.height = `${size}px`;
    ring.style.left = `${spot.across / 10}%`;
    ring.style.top = `${spot.down / 10}%`;
    /** @type {HTMLInputElement} */ (form.elements.namedItem("across")).value = String(spot.across);
    /** @type {HTMLInputElement} */ (form.elements.namedItem("down")).value = String(spot.down);
  };

  const ask = () => {
    const form = /** @type {HTMLFormElement | null} */ (part("[data-spotted]"));
    if (!held || !form) return;
    if (asked.across === spot.across && asked.down === spot.down) return;
    asked = { ...spot };
    form.requestSubmit();
  };

  /** @param {number} across @param {number} down */
  const move = (across, down) => {
    spot = { across: within(across), down: within(down) };
    draw();
    // Each tile counts: only where the spot rests is one asked for.
    clearTimeout(timer);
    if (held) timer = setTimeout(ask, RESTED);
  };

  /** @param {PointerEvent} event */
  const follow = (event) => {
    const ground = part("[data-ground]");
    if (!ground) return;
    const box = ground.getBoundingClientRect();
    move(((event.clientX - box.left) / box.width) * 1000, ((event.clientY - box.top) / box.height) * 1000);
  };

  const hold = () => {
    if (held || !part("[data-spotted]")) return;
    held = true;
    ask();
  };

  const letGo = () => {
    held = false;
    asked = { across: -1, down: -1 };
    clearTimeout(timer);
    part("[data-tile-place]")?.replaceChildren();
  };

  if (stage) {
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !(/** @type {Element} */ (event.target).closest("[data-ground]"))) return;
      event.preventDefault();
      follow(event);
      hold();
    });
    stage.addEventListener("pointermove", (event) => {
      if (/** @type {Element} */ (event.target).closest("[data-ground]")) follow(event);
    });
    stage.addEventListener("htmx:beforeSwap", (event) => {
      if (!(/** @type {Element} */ (event.target).matches("[data-tile-place]"))) return;
      // Let go before it came: the tile stays unused, and nothing more was seen.
      const submitted = document.activeElement?.closest("[data-spotted]");
      if (!held && !submitted) /** @type {CustomEvent} */ (event).detail.shouldSwap = false;
    });
    stage.addEventListener("htmx:afterSwap", (event) => {
      if (event.target !== stage) return;
      letGo();
      spot = { across: 500, down: 500 };
      const picture = part("[data-ground] img");
      picture?.addEventListener("load", draw);
    });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, letGo);
    addEventListener("blur", letGo);
  }
  addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    const typing = /** @type {Element} */ (event.target).matches("input, textarea, select");
    if (!by || typing || !part("[data-ground]")) return;
    event.preventDefault();
    const step = event.shiftKey ? SMALL_STEP : STEP;
    move(spot.across + by[0] * step, spot.down + by[1] * step);
  });
  return { hold, letGo };
}
