// Finds words in messages, in the chat that is open or in all.

import { button, byId, el, soon } from "./dom.js";
import { ask } from "./device.js";
import { closeDialog, openDialog } from "./dialogs.js";
import { openChat } from "./conversation.js";
import { chatName, nameOf, store } from "./store.js";
import { long } from "./times.js";

export function showSearch() {
  const words = el("input", { type: "search", id: "words", placeholder: "Words", "aria-label": "Words to find" });
  const here = el("input", { type: "checkbox", id: "here" });
  const hits = el("div", { id: "hits", role: "status" });
  const chat = store.chats.get(store.open);
  const find = soon(() => search(words.value.trim(), here.checked ? chat : null, hits), 200);
  words.oninput = find;
  here.onchange = find;
  openDialog("Search", words, chat && el("label", {}, here, ` only in ${chatName(chat)}`), hits);
}

async function search(text, chat, hits) {
  if (text === "") return hits.replaceChildren();
  try {
    const asked = chat ? ask("search_chat", { chat: chat.id, text, before: null }) : ask("search", { text, before: null });
    const found = (await asked).hits;
    const missing = found.map(({ message }) => message.sender_id).filter((id) => id && !store.profiles.has(id) && id !== store.me.id);
    if (missing.length > 0) for (const profile of await ask("profiles", { users: missing })) store.profiles.set(profile.id, profile);
    hits.replaceChildren(...(found.length > 0 ? found.map(hit) : [el("p", {}, "Nothing found.")]));
  } catch (failure) {
    hits.replaceChildren(el("p", { class: "error" }, failure.message));
  }
}

function hit({ message, parts }) {
  const chat = store.chats.get(message.chat_id);
  const where = `${nameOf(message.sender_id)}${chat ? ` · ${chatName(chat)}` : ""} · ${long(message.created_at)}`;
  const words = parts.map(([text, isFound]) => (isFound ? el("mark", {}, text) : text));
  const go = () => {
    closeDialog();
    return openChat(message.chat_id, message.seq);
  };
  return button([el("span", { class: "faint" }, where), el("br"), ...words], go, { class: "hit" });
}

export function searchByKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (!byId("app").hidden) showSearch();
  }
}
