// Asks the browser's authenticator, and sends its answer in the form. Without scripts: password and code.
// @ts-check

/** @param {string} text */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {any} options */
async function made(options) {
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  for (const known of options.excludeCredentials ?? []) known.id = bytes(known.id);
  const key = /** @type {any} */ (await navigator.credentials.create({ publicKey: options }));
  return {
    id: key.id, rawId: text(key.rawId), type: key.type,
    response: {
      clientDataJSON: text(key.response.clientDataJSON),
      attestationObject: text(key.response.attestationObject),
    },
  };
}

/** @param {any} options */
async function shown(options) {
  options.challenge = bytes(options.challenge);
  const key = /** @type {any} */ (await navigator.credentials.get({ publicKey: options }));
  const holder = key.response.userHandle;
  return {
    id: key.id, rawId: text(key.rawId), type: key.type,
    response: {
      clientDataJSON: text(key.response.clientDataJSON),
      authenticatorData: text(key.response.authenticatorData),
      signature: text(key.response.signature),
      userHandle: holder ? text(holder) : null,
    },
  };
}

export function startPasskeys() {
  for (const found of document.querySelectorAll("[data-passkey]")) {
    const form = /** @type {HTMLFormElement} */ (found);
    if (!navigator.credentials || !window.PublicKeyCredential) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = form.querySelector("[data-passkey-said]");
      const options = JSON.parse(form.dataset.options ?? "{}");
      try {
        const answer = await (form.dataset.passkey === "make" ? made(options) : shown(options));
        /** @type {HTMLInputElement} */ (form.elements.namedItem("answer")).value = JSON.stringify(answer);
        form.submit();
      } catch {
        if (said) said.textContent = form.dataset.unanswered ?? "";
      }
    });
  }
}
