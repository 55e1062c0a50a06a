// The list of chats: newest first, with previews and badges.

import { button, byId, el, soon } from "./dom.js";
import { chatName, listen, nameOf, store } from "./store.js";
import { systemText } from "./message.js";
import { brief } from "./times.js";

/** `choose` is called with the id of the chat that is chosen. */
export function showList(choose) {
  const render = soon(() => {
    const focused = document.activeElement?.dataset?.chat;
    const chats = [...store.chats.values()].sort((a, b) => (a.activeAt < b.activeAt ? 1 : -1));
    byId("chats").replaceChildren(...chats.map((chat) => el("li", {}, row(chat, choose))));
    byId("no-chats").hidden = chats.length > 0;
    const unread = chats.reduce((sum, chat) => sum + chat.unread, 0);
    document.title = unread > 0 ? `(${unread}) Messenger` : "Messenger";
    if (focused) byId("chats").querySelector(`[data-chat="${focused}"]`)?.focus();
  });
  for (const what of ["chats", "open", "people"]) listen(what, render);
  byId("chats").onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const rows = [...byId("chats").querySelectorAll("button")];
    rows[rows.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  };
}

function row(chat, choose) {
  const name = chatName(chat);
  const unread = chat.unread > 0 ? el("span", { class: "badge", "aria-label": `${chat.unread} unread` }, String(chat.unread)) : null;
  return button(
    [
      face(name, chat.kind === "direct" ? store.profiles.get(chat.other)?.status : null),
      el("span", { class: "name" }, name),
      el("span", { class: "time" }, brief(chat.activeAt)),
      el("span", { class: "preview" }, preview(chat)),
      unread,
    ].filter(Boolean),
    () => choose(chat.id),
    { "data-chat": chat.id, "aria-current": String(chat.id === store.open) },
  );
}

/** A circle with the first letter, and whether somebody is there. */
export function face(name, status) {
  return el("span", { class: `face ${status ?? ""}`, "aria-hidden": "true" }, [...(name || "?")][0].toUpperCase());
}

function preview(chat) {
  const last = chat.last;
  if (chat.typing.size > 0) return "is writing …";
  if (!last || last.seq === 0) return "Nothing said yet";
  if (last.kind === "system") {
    const known = chat.messages.get(last.seq);
    return known ? systemText(known.message) : "The group changed";
  }
  const text = last.preview ?? (last.kind === "image" ? "📷 Picture" : "Message deleted");
  if (last.sender_id === store.me.id) return `You: ${text}`;
  return chat.kind === "group" ? `${nameOf(last.sender_id)}: ${text}` : text;
}
