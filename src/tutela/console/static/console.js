// Everything here is a convenience: the pages work without it, but for holding a key to look.
// @ts-check
import { startForms } from "./forms.js";
import { startKeys } from "./keys.js";
import { startLease } from "./lease.js";
import { startPasskeys } from "./passkeys.js";
import { startReveal } from "./reveal.js";
import { startStage } from "./stage.js";
import { startTyped } from "./typed.js";
import { startUndo } from "./undo.js";

const stage = startStage();
startForms();
startTyped();
startUndo();
startLease();
startPasskeys();
startKeys(stage, startReveal());
// From here on keys are heard: what drives a page from outside waits for this.
document.body.dataset.listening = "yes";
