// Writes a message: words, pictures, an answer, or an edit.

import { button, byId, el, once } from "./dom.js";
import { ask, isConnected, newId, send } from "./device.js";
import { lastOwn } from "./conversation.js";
import { changed, keepMessage, listen, nameOf, store } from "./store.js";

/** What is written now: an answer to a message, or other words for one. */
let replying = null;
let editing = null;
let files = [];
let chatId = null;
let lastTyping = 0;

export function showComposer() {
  const form = byId("composer");
  const text = byId("text");
  form.onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  text.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && text.value === "" && lastOwn()) {
      event.preventDefault();
      startEdit(lastOwn());
    } else if (event.key === "Escape" && (replying || editing)) {
      event.stopPropagation();
      clear();
    }
  };
  text.oninput = () => {
    const now = Date.now();
    if (!store.open || text.value === "" || now - lastTyping < 2000 || !isConnected()) return;
    lastTyping = now;
    ask("typing", { chat: store.open }).catch(() => {});
  };
  byId("file").onchange = (event) => {
    files = [...files, ...event.target.files].slice(0, 5);
    event.target.value = "";
    renderPictures();
  };
  byId("context").querySelector("button").onclick = clear;
  listen("open", () => {
    if (store.open !== chatId) clear();
    chatId = store.open;
  });
}

export function startReply(entry) {
  clear();
  replying = entry;
  showContext(`Answer to ${nameOf(entry.message.sender_id)}: ${words(entry)}`);
}

export function startEdit(entry) {
  clear();
  editing = entry;
  byId("text").value = entry.message.content ?? "";
  showContext("Edit");
}

function words(entry) {
  return (entry.message.content ?? "📷 Picture").slice(0, 60);
}

function showContext(words) {
  byId("context").hidden = false;
  byId("context").querySelector("span").textContent = words;
  byId("text").focus();
}

function clear() {
  replying = editing = null;
  files = [];
  byId("text").value = "";
  byId("context").hidden = true;
  problem("");
  renderPictures();
}

function problem(words) {
  byId("composer").querySelector(".error").textContent = words;
}

function renderPictures() {
  const list = byId("pictures");
  list.hidden = files.length === 0;
  list.replaceChildren(
    ...files.map((file) => {
      const url = URL.createObjectURL(file);
      const remove = button("✕", () => {
        files = files.filter((one) => one !== file);
        renderPictures();
      }, { "aria-label": `Remove ${file.name}` });
      return el("li", {}, el("img", { src: url, alt: file.name, on: { load: () => URL.revokeObjectURL(url) } }), remove);
    }),
  );
}

function submit() {
  const chat = store.chats.get(store.open);
  const text = byId("text").value.trim();
  if (!chat || (text === "" && files.length === 0)) return;
  if (editing) return submitEdit(chat, editing, text);
  const pictures = files.map((file) => ({ file, name: file.name }));
  const draft = { id: newId(), text, replyTo: replying?.message.seq ?? null, reply: replying && words(replying), pictures };
  // The draft has it now: whatever becomes of it, the next one is written meanwhile.
  clear();
  send(chat, draft);
}

const submitEdit = once(async (chat, entry, text) => {
  try {
    keepMessage(chat, await ask("edit", { chat: chat.id, seq: entry.message.seq, text }));
    if (editing === entry) clear();
    changed("messages", chat);
    changed("chats");
  } catch (failure) {
    problem(failure.message);
  }
});
