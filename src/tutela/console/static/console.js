// Keys, hold-to-look, the lease and drafts. Pages work without it, but for looking.
"use strict";
(() => {
  const one = (what, within = document) => within.querySelector(what);
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const csrf = document.body.dataset.csrf || "";

  /** @param {string} path @param {Record<string, string>} fields */
  const post = (path, fields = {}) =>
    fetch(path, {
      method: "POST",
      headers: { "X-CSRF": csrf, Accept: "application/json" },
      body: new URLSearchParams(fields),
      credentials: "same-origin",
      keepalive: true,
    });

  // Looking: asked for while a key or button is held, hidden as soon as it is let go.
  const ladder = one("[data-ladder]");
  const picture = one("[data-picture]");
  const hint = one("[data-hint]");
  const said = one("[data-said]");
  let held = false;
  let view = "";
  let timer = 0;

  const say = (text) => { if (said) said.textContent = text; };

  const hide = () => {
    held = false;
    clearTimeout(timer);
    if (!picture) return;
    picture.hidden = true;
    picture.removeAttribute("src");
    hint.hidden = false;
    if (view) { post(`/console/views/${view}/end`); say("Hidden; what you saw is recorded."); }
    view = "";
  };

  const look = async () => {
    if (held || !ladder) return;
    const item = one("[data-files] [aria-current]");
    if (!item || item.dataset.sealed !== "yes") { say("Nothing was sealed for this file."); return; }
    const fidelity = one("input[name=fidelity]:checked", ladder);
    const purpose = one("input[name=purpose]", ladder);
    if (fidelity.dataset.purpose === "yes" && !purpose.value.trim()) {
      say("Say the purpose first.");
      purpose.focus();
      return;
    }
    held = true;
    say("Asking…");
    const answer = await post(`/console/cases/${ladder.dataset.case}/items/${item.dataset.item}/views`,
      { fidelity: fidelity.value, purpose: purpose.value });
    const told = await answer.json();
    if (!answer.ok) { held = false; say(`${told.what} ${told.remedy}`); return; }
    if (!held) { say("Let go before it came: nothing was shown."); return; }
    view = told.view;
    picture.onload = () => {
      if (!held) { hide(); return; }
      hint.hidden = true;
      picture.hidden = false;
      say(`Shown as ${fidelity.value}; recorded. Let go to hide.`);
    };
    picture.onerror = () => { hide(); say("The evidence cannot be shown as a picture. Decide on its facts."); };
    picture.src = told.src;
    timer = setTimeout(hide, told.seconds * 1000);
  };

  const button = one("[data-look]");
  if (button) {
    button.addEventListener("pointerdown", look);
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(end, hide);
    button.addEventListener("keydown", (event) => { if (event.key === " " && !event.repeat) { event.preventDefault(); look(); } });
    button.addEventListener("keyup", (event) => { if (event.key === " ") { event.preventDefault(); hide(); } });
    ladder.addEventListener("submit", (event) => event.preventDefault());
  }
  addEventListener("blur", hide);
  document.addEventListener("visibilitychange", () => { if (document.hidden) hide(); });

  // Marking a file shows why it is here.
  const mark = (item) => {
    hide();
    all("[data-files] li").forEach((other) => other.toggleAttribute("aria-current", other === item));
    item.setAttribute("aria-current", "true");
    all("[data-why]").forEach((part) => { part.hidden = part.dataset.why !== item.dataset.item; });
    item.focus();
  };
  all("[data-files] li").forEach((item) => item.addEventListener("click", () => mark(item)));
  all("[data-href]").forEach((row) => {
    row.addEventListener("click", (event) => { if (!event.target.closest("a")) location.href = row.dataset.href; });
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") location.href = row.dataset.href; });
  });

  const step = (by) => {
    const rows = all("[data-rows] tbody tr, [data-files] li");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row === document.activeElement || row.hasAttribute("aria-current"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (next.matches("li")) mark(next); else next.focus();
  };

  const choose = (name, value) => {
    const radio = one(`input[name=${name}][value=${value}]`);
    if (radio) { radio.checked = true; radio.focus(); radio.dispatchEvent(new Event("change", { bubbles: true })); }
  };

  // Grounds belong to their outcome: choosing one leaves no grounds of the other.
  all(".choice").forEach((choice) => choice.addEventListener("change", (event) => {
    const outcome = one("input[name=outcome]", choice);
    outcome.checked = true;
    if (event.target === outcome && !one("input[name=grounds]:checked", choice)) {
      one("input[name=grounds]", choice).checked = true;
    }
  }));

  const keys = one("#keys");
  const actions = {
    j: () => step(1),
    k: () => step(-1),
    c: () => one("[data-claim]")?.click(),
    a: () => choose("outcome", "abusive"),
    n: () => choose("outcome", "not_abusive"),
    d: () => { one("#decision")?.scrollIntoView(); one("#decision input[name=outcome]")?.focus(); },
    v: () => look(),
    "?": () => keys.showModal(),
  };
  all("input[name=fidelity]").forEach((rung, index) => { actions[String(index + 1)] = () => { rung.checked = true; }; });

  addEventListener("keydown", (event) => {
    if (event.key === "Escape") { hide(); event.target.blur(); return; }
    const typing = event.target.matches("input:not([type=radio]), textarea, select");
    if (typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  });
  addEventListener("keyup", (event) => { if (event.key === "v") hide(); });
  one("[data-keys]")?.addEventListener("click", () => keys.showModal());

  // The lease: lengthened while the person is active, its end visible.
  const lease = one("[data-until]");
  if (lease) {
    let until = Date.parse(lease.dataset.until);
    let active = false;
    for (const sign of ["keydown", "pointermove"]) addEventListener(sign, () => { active = true; });
    setInterval(() => {
      const left = Math.max(0, Math.round((until - Date.now()) / 60000));
      lease.textContent = left ? `yours for ${left} min` : "no longer yours: claim it again";
    }, 1000);
    setInterval(async () => {
      if (!active) return;
      active = false;
      const answer = await post(lease.dataset.renew, { lease: lease.dataset.lease });
      if (answer.ok) until = Date.parse((await answer.json()).until);
    }, 60000);
  }

  // What was typed survives a reload of this tab, and nothing longer than it.
  const form = one("[data-keep]");
  if (form) {
    const place = `tutela-${form.dataset.keep}`;
    try {
      for (const [name, value] of Object.entries(JSON.parse(sessionStorage.getItem(place) || "{}"))) {
        const radio = one(`input[type=radio][name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`, form);
        if (radio) radio.checked = true;
        else if (form.elements[name] && form.elements[name].type !== "hidden") form.elements[name].value = value;
      }
    } catch { sessionStorage.removeItem(place); }
    for (const sign of ["input", "change"]) form.addEventListener(sign, () => {
      const kept = Object.fromEntries(new FormData(form));
      for (const name of ["csrf", "lease", "size"]) delete kept[name];
      sessionStorage.setItem(place, JSON.stringify(kept));
    });
    form.addEventListener("submit", () => sessionStorage.removeItem(place));
  }

  if (one("[data-refresh]")) setTimeout(() => location.reload(), 2000);
})();
