// What can still be undone: how long, counted down, and gone when it has left.
// @ts-check

export function startUndo() {
  const began = performance.now();
  const lines = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-leaves]")]);
  if (!lines.length) return;
  const timer = setInterval(() => {
    for (const line of lines) {
      const left = Math.ceil(Number(line.dataset.leaves) - (performance.now() - began) / 1000);
      const said = /** @type {HTMLElement | null} */ (line.querySelector("[data-leaves-said]"));
      if (said) said.textContent = (said.dataset.leavesSaid ?? "").replace("#", String(Math.max(0, left)));
      if (left <= 0) line.remove();
    }
    if (!document.querySelector("[data-leaves]")) {
      document.querySelector(".undo")?.remove();
      clearInterval(timer);
    }
  }, 250);
}
