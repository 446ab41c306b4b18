// The lease: its end visible, lengthened while the person is active.
// @ts-check

const RENEW_EVERY = 60_000;
const LATE = 3 * 60;

export function startLease() {
  if (!document.getElementById("lease")) return;
  let active = false;
  for (const sign of ["keydown", "pointermove", "pointerdown", "scroll"]) {
    addEventListener(sign, () => { active = true; }, { passive: true });
  }
  setInterval(() => {
    const lease = document.getElementById("lease");
    const left = lease?.querySelector("[data-left]");
    if (!lease || !left) return;
    const seconds = Math.max(0, Math.round((Date.parse(lease.dataset.until ?? "") - Date.now()) / 1000));
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    lease.classList.toggle("late", seconds > 0 && seconds <= LATE);
    lease.classList.toggle("over", seconds === 0);
    const said = lease.querySelector(".soft");
    if (said) said.textContent = (seconds ? lease.dataset.still : lease.dataset.over) ?? "";
    left.textContent = seconds ? clock : lease.dataset.again ?? "";
  }, 1000);
  setInterval(() => {
    const lease = document.getElementById("lease");
    if (active && lease) lease.dispatchEvent(new Event("renew"));
    active = false;
  }, RENEW_EVERY);
}
