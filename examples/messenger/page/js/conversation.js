// The chat that is open: its messages in order, who is writing, and what is read.

import { button, byId, soon } from "./dom.js";
import { ask, loadBackTo, loadOlder, markRead, renew, sendAgain } from "./device.js";
import { startEdit, startReply } from "./composer.js";
import { confirmDialog, messageInfo } from "./dialogs.js";
import { messageElement, pendingElement } from "./message.js";
import { changed, chatName, keepMessage, listen, nameOf, store } from "./store.js";
import { long } from "./times.js";

let found = null;

export function showConversation() {
  const render = soon(renderMessages);
  listen("messages", (chat) => chat.id === store.open && render());
  listen("open", () => {
    renderHeader();
    render();
  });
  listen("people", renderHeader);
  byId("back").onclick = () => openChat(null);
  byId("messages").onscroll = () => isAtEnd() && markRead();
  document.addEventListener("visibilitychange", () => markRead());
}

/** Opens a chat, at its end or at a message that was found; or none. */
export async function openChat(id, seq = null) {
  store.open = id;
  found = seq;
  changed("open");
  byId("app").classList.toggle("in-chat", id !== null);
  const chat = store.chats.get(id);
  if (!chat) return byId("chats").querySelector("button")?.focus();
  try {
    if (!chat.loaded) await renew(chat);
    if (seq !== null) await loadBackTo(chat, seq);
  } catch (failure) {
    if (failure.code !== "offline") throw failure;
  }
  if (store.open !== id) return;
  changed("open");
  // Whoever is at a message already stays there.
  if (!byId("messages").contains(document.activeElement)) byId("text").focus();
}

const current = () => store.chats.get(store.open);

function renderHeader() {
  const chat = current();
  byId("conversation").hidden = !chat;
  byId("nothing").hidden = Boolean(chat);
  byId("app").classList.toggle("in-chat", Boolean(chat));
  if (!chat) return;
  byId("title").textContent = chatName(chat);
  byId("subtitle").textContent = subtitle(chat);
  const typing = [...chat.typing.keys()].map(nameOf);
  byId("typing").textContent = typing.length > 0 ? `${typing.join(", ")} ${typing.length === 1 ? "is" : "are"} writing …` : "";
}

function subtitle(chat) {
  if (chat.kind === "group") return `${chat.members?.length ?? chat.memberCount} members`;
  const profile = store.profiles.get(chat.other);
  if (!profile) return "";
  if (profile.status !== "offline") return profile.status;
  return profile.last_seen_at ? `last seen ${long(profile.last_seen_at)}` : "";
}

function isAtEnd() {
  const box = byId("messages");
  return box.scrollHeight - box.scrollTop - box.clientHeight < 60;
}

function renderMessages() {
  const chat = current();
  const box = byId("messages");
  if (!chat) return box.replaceChildren();
  const wasAtEnd = box.dataset.chat !== chat.id || isAtEnd();
  const fromEnd = box.scrollHeight - box.scrollTop;
  const older = chat.older ? button("Older messages", () => loadOlder(chat), { class: "older" }) : null;
  const entries = [...chat.messages.values()].sort((a, b) => a.message.seq - b.message.seq);
  const rendered = [
    ...entries.map((entry) => messageElement(chat, entry, acts(chat))),
    ...chat.pending.map((draft) => pendingElement(draft, { again: (failed) => sendAgain(chat, failed), discard: (gone) => discard(chat, gone) })),
  ];
  const focus = focusIn(box);
  box.replaceChildren(...[older, ...rendered].filter(Boolean));
  restoreFocus(box, focus);
  box.dataset.chat = chat.id;
  const target = found === null ? null : box.querySelector(`[data-seq="${found}"]`);
  if (target) {
    target.classList.add("found");
    target.scrollIntoView({ block: "center" });
    found = null;
  } else {
    box.scrollTop = wasAtEnd ? box.scrollHeight : box.scrollHeight - fromEnd;
  }
  if (isAtEnd()) markRead();
}

/** What a button of a message does, in a word that stays when the message is rendered anew. */
const does = (button) => button.dataset.does ?? button.className;

/** Which button of which message has the focus, so that it has it after the messages are rendered anew, whatever came above. */
function focusIn(box) {
  const active = document.activeElement;
  const message = box.contains(active) ? active.closest("[data-seq]") : null;
  return message && { seq: message.dataset.seq, does: does(active) };
}

function restoreFocus(box, focus) {
  if (!focus) return;
  const message = box.querySelector(`[data-seq="${focus.seq}"]`);
  const buttons = [...(message?.querySelectorAll("button") ?? [])];
  // A reaction that was taken back has no button any more.
  (buttons.find((button) => does(button) === focus.does) ?? buttons[0] ?? message)?.focus();
}

function discard(chat, draft) {
  chat.pending = chat.pending.filter((one) => one !== draft);
  changed("messages", chat);
}

function acts(chat) {
  const at = (entry) => ({ chat: chat.id, seq: entry.message.seq });
  const keep = (entry) => {
    keepMessage(chat, entry);
    changed("messages", chat);
    changed("chats");
  };
  const tried = async (act) => {
    try {
      keep(await act());
    } catch (failure) {
      byId("composer").querySelector(".error").textContent = failure.message;
    }
  };
  return {
    reply: (entry) => startReply(entry),
    edit: (entry) => startEdit(entry),
    react: (entry, emoji, on) => tried(() => ask("react", { ...at(entry), emoji, on })),
    remove: async (entry) => {
      if (await confirmDialog("Delete this message for everybody?", "Delete")) await tried(() => ask("delete", at(entry)));
    },
    info: (entry) => messageInfo(chat, entry),
    go: async (seq) => {
      await loadBackTo(chat, seq);
      found = seq;
      renderMessages();
    },
  };
}

/** The newest message of ours, to edit it with the arrow key. */
export function lastOwn() {
  const entries = [...(current()?.messages.values() ?? [])];
  const own = entries.filter(({ message }) => message.sender_id === store.me.id && !message.deleted_at);
  return own.sort((a, b) => b.message.seq - a.message.seq)[0] ?? null;
}

