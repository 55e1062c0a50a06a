// The one dialog of the page, and small ones in it.

import { button, byId, el } from "./dom.js";
import { ask } from "./device.js";
import { nameOf } from "./store.js";
import { long } from "./times.js";

/** Shows a dialog; gives what closes it. Another dialog replaces it. */
export function openDialog(title, ...content) {
  const dialog = byId("dialog");
  byId("dialog-title").textContent = title;
  byId("dialog-body").replaceChildren(...content.flat().filter(Boolean));
  problem("");
  byId("dialog-close").onclick = () => dialog.close();
  if (!dialog.open) dialog.showModal();
  byId("dialog-body").querySelector("input, button")?.focus();
  return () => dialog.close();
}

export function closeDialog() {
  if (byId("dialog").open) byId("dialog").close();
}

function problem(words) {
  byId("dialog").querySelector(":scope > .error").textContent = words;
}

/** Does something; a failure is shown in the dialog. Gives whether it was done. */
export async function attempt(act) {
  problem("");
  try {
    await act();
    return true;
  } catch (failure) {
    problem(failure.message ?? String(failure));
    return false;
  }
}

/** Asks whether to. */
export function confirmDialog(question, label) {
  return new Promise((resolve) => {
    const close = openDialog(
      question,
      el("div", {}, button(label, () => answer(true), { class: "danger", id: "confirm" }), button("Cancel", () => answer(false))),
    );
    const answer = (value) => {
      resolve(value);
      close();
    };
    byId("dialog").addEventListener("close", () => resolve(false), { once: true });
  });
}

/** When a message was sent, edited, received, read and reacted to. */
export async function messageInfo(chat, entry) {
  const at = { chat: chat.id, seq: entry.message.seq };
  const [receipts, edits, reactors] = await Promise.all([ask("receipts", at), ask("edits", at), ask("reactors", at)]);
  openDialog(
    "About this message",
    el("p", {}, `Sent ${long(entry.message.created_at)}`),
    edits.length > 0 && el("section", {}, el("h3", {}, "Before the edits"), edits.map((edit) => el("p", { class: "edit" }, edit.text ?? "—"))),
    reactors.length > 0 &&
      el("section", {}, el("h3", {}, "Reactions"), reactors.map((one) => el("p", {}, `${one.emoji} ${nameOf(one.profile.id)}`))),
    el(
      "section",
      {},
      el("h3", {}, "Received"),
      receipts.map((receipt) =>
        el("p", { class: "receipt" }, `${nameOf(receipt.user_id)}: ${receipt.status}`,
          receipt.read_at || receipt.delivered_at ? ` ${long(receipt.read_at ?? receipt.delivered_at)}` : ""),
      ),
    ),
  );
}
