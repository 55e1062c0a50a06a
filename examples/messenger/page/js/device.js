// This device: keeps what it knows equal to what the server knows, while it is connected and when it comes back.

import { Connection } from "./connection.js";
import { soon } from "./dom.js";
import { offline, signedIn, upload } from "./http.js";
import { changed, firstKept, keepEntry, keepMessage, keepProfile, lastKept, lastSeq, showInList, store } from "./store.js";

let connection = null;
/** What this device knows, as the server calls it: whatever changed since is asked for with it. */
let state = null;

/** How often is asked what changed, whatever was told: events are not kept for a device. */
const LOOK = 15_000;
setInterval(() => isConnected() && state && catchUp().catch(ignoreOffline), LOOK);

/** Connects; `onState` is told whether there is a connection, `onSignedOut` that the session has ended. */
export function connect({ onState, onSignedOut }) {
  connection = new Connection({
    onOpen: async () => {
      onState(true);
      await comeBack();
    },
    onClose: async () => {
      onState(false);
      // A session that has ended is refused before there is a socket.
      if ((await signedIn().catch(ignoreOffline)) === null) onSignedOut();
    },
    onEvent: (event) => receive(event, onSignedOut),
  });
}

export function disconnect() {
  connection?.end();
  connection = null;
  state = null;
}

export function isConnected() {
  return connection?.isOpen ?? false;
}

/** Asks the server; see `Connection.ask`. */
export function ask(op, args) {
  if (!connection) return Promise.reject(offline("there is no connection"));
  return connection.ask(op, args);
}

/** Asks what changed until it was told, and sends what waits. */
async function comeBack() {
  try {
    await catchUp();
  } catch (failure) {
    ignoreOffline(failure);
    if (isConnected() && failure.passes) return comeBackSoon();
  }
  sendAllPending();
}

const comeBackSoon = soon(() => isConnected() && comeBack(), 3000);

/** What changed since this device knew everything. */
async function catchUp() {
  if (!state) return loadAnew();
  try {
    for (let isLast = false; !isLast; ) {
      const page = await ask("changes", { state });
      await keepChanges(page);
      ({ state } = page);
      isLast = page.is_last;
    }
  } catch (failure) {
    // Too old, or of a database that was restored.
    if (!/^(state|cursor)_/.test(failure.code)) throw failure;
    await loadAnew();
  }
  const open = store.chats.get(store.open);
  if (open) {
    await (open.loaded ? loadCounts(open) : renew(open));
    changed("messages", open);
  }
  for (const chat of store.chats.values()) if (chat.unread > 0) markDelivered(chat);
}

/** Whether its messages are kept; one that is open may still be on its way. */
const isShown = (chat) => chat.loaded || chat.id === store.open;

async function keepChanges({ chats, ended, people, profiles }) {
  for (const profile of Object.values(profiles)) keepProfile(profile);
  for (const id of ended) forget(id);
  if (people || Object.keys(profiles).length > 0) await loadPeople();
  if (chats.length > 0) await loadInbox();
  for (const { chat: id, reload, about, messages } of chats) {
    const chat = store.chats.get(id);
    if (!chat || !isShown(chat)) continue;
    if (reload || !chat.loaded) {
      await renew(chat);
      continue;
    }
    const first = firstKept(chat);
    for (const entry of messages) if (entry.message.seq >= first) keepMessage(chat, entry);
    if (about) await loadMembers(chat);
    changed("messages", chat);
    changed("open");
  }
}

/** Everything that this device shows, anew. */
async function loadAnew() {
  const begun = await ask("begin");
  const [listed] = await Promise.all([loadInbox(), loadPeople()]);
  for (const chat of store.chats.values()) if (!listed.has(chat.id)) await forgetEnded(chat);
  for (const chat of store.chats.values()) {
    if (chat.id !== store.open) {
      chat.messages.clear();
      chat.loaded = false;
    }
  }
  const open = store.chats.get(store.open);
  if (open) await renew(open);
  // Only now: who is interrupted begins again.
  state = begun;
  changed("open");
  for (const chat of store.chats.values()) if (chat.unread > 0) markDelivered(chat);
}

/** For each reading of the list, the chats of which an event told meanwhile: what the list says of them may be older. */
const readings = new Set();

/** The list. A chat in which something is said while it is read may be on no page, so none is forgotten here. */
async function loadInbox() {
  const listed = new Set();
  const told = new Set();
  readings.add(told);
  try {
    let after = null;
    do {
      const { entries, next } = await ask("inbox", { after });
      for (const entry of entries) {
        if (!told.has(entry.chat_id)) keepEntry(entry);
        listed.add(entry.chat_id);
      }
      after = next;
    } while (after);
  } finally {
    readings.delete(told);
  }
  if (told.size > 0) renewInbox();
  changed("chats");
  return listed;
}

function overtakeList(chat) {
  for (const told of readings) told.add(chat.id);
}

/** Forgets a chat, unless the user is still in it. */
async function forgetEnded(chat) {
  try {
    await loadMembers(chat);
  } catch (failure) {
    if (failure.code !== "not_a_member") throw failure;
    forget(chat.id);
  }
}

async function loadPeople() {
  store.people = await ask("people");
  for (const list of Object.values(store.people)) for (const { profile } of list) keepProfile(profile);
  changed("people");
}

/** The server was not told in full what happened: ask. */
const lookSoon = soon(() => {
  if (!isConnected()) return;
  // Who loads everything may have begun before it.
  if (!state) return lookSoon();
  catchUp().catch(ignoreOffline);
}, 50);

const renewInbox = soon(() => loadInbox().catch(ignoreOffline), 50);
const renewPeople = soon(() => loadPeople().catch(ignoreOffline), 50);

/** The newest page of a chat, its members and its ticks, whatever was known of it. */
export async function renew(chat) {
  const [page] = await Promise.all([ask("history", { chat: chat.id }), loadMembers(chat)]);
  const known = [...chat.messages.values()];
  chat.messages.clear();
  keepPage(chat, page);
  chat.loaded = true;
  // What came while the page was on its way.
  const first = firstKept(chat);
  for (const entry of known) if (entry.message.seq >= first) keepMessage(chat, entry, { isEvent: true });
  await loadCounts(chat);
  changed("messages", chat);
}

/** A page of older messages. */
export async function loadOlder(chat) {
  if (!chat.older) return;
  keepPage(chat, await ask("history", { chat: chat.id, at: { before: chat.older } }));
  await loadCounts(chat);
  changed("messages", chat);
}

/** Older pages, until that message is there. */
export async function loadBackTo(chat, seq) {
  while (!chat.messages.has(seq) && chat.older) await loadOlder(chat);
}

function keepPage(chat, page) {
  for (const profile of Object.values(page.profiles)) keepProfile(profile);
  for (const entry of page.entries) keepMessage(chat, entry);
  chat.older = page.older_before;
}

async function loadMembers(chat) {
  const { chat: row, members } = await ask("chat", { chat: chat.id });
  chat.members = members;
  chat.name = row.name;
  for (const { profile } of members) keepProfile(profile);
}

/** How far our messages got. */
async function loadCounts(chat) {
  const own = [...chat.messages.values()].filter(({ message }) => message.sender_id === store.me.id);
  const seqs = own.map(({ message }) => message.seq).sort((a, b) => a - b);
  while (seqs.length > 0) {
    const first = seqs[0];
    const last = Math.min(seqs.at(-1), first + 99);
    for (const counts of await ask("counts", { chat: chat.id, first, last })) chat.counts.set(counts.seq, counts);
    while (seqs.length > 0 && seqs[0] <= last) seqs.shift();
  }
}

const countsDue = new Set();
const renewCounts = soon(async () => {
  const due = [...countsDue];
  countsDue.clear();
  for (const chat of due) await loadCounts(chat).then(() => changed("messages", chat), ignoreOffline);
}, 100);

/** The device has everything of a chat that it knows of. */
const deliveredDue = new Set();
const sendDelivered = soon(() => {
  for (const chat of deliveredDue) ask("delivered", { chat: chat.id, seq: lastSeq(chat) }).catch(ignoreOffline);
  deliveredDue.clear();
}, 100);

function markDelivered(chat) {
  deliveredDue.add(chat);
  sendDelivered();
}

/** The user has seen everything that is shown of the chat that is open. */
export const markRead = soon(() => {
  const chat = store.chats.get(store.open);
  if (!chat?.loaded || chat.unread === 0 || document.visibilityState !== "visible" || !isConnected()) return;
  const seq = lastKept(chat);
  if (seq === lastSeq(chat)) chat.unread = 0;
  changed("chats");
  ask("read", { chat: chat.id, seq }).catch(ignoreOffline);
}, 50);

function receive(event, onSignedOut) {
  const chat = store.chats.get(event.chat);
  switch (event.event) {
    case "message": return receiveMessage(chat, event);
    case "reactions": return receiveReactions(chat, event.seq);
    case "position": return receivePosition(chat, event);
    case "chat": return renewChat(event.chat);
    case "left": return forget(event.chat);
    case "presence":
      // Of somebody who was not shown yet, the profile comes with what shows them.
      if (!store.profiles.has(event.user)) return;
      keepProfile({ id: event.user, status: event.status, last_seen_at: new Date().toISOString() });
      changed("people");
      return changed("open");
    case "typing": return receiveTyping(chat, event.user);
    case "people": return renewPeople();
    case "changed": return lookSoon();
    case "signed_out": return onSignedOut();
  }
}

async function receiveMessage(chat, { entry }) {
  if (!chat) return renewInbox();
  overtakeList(chat);
  const { seq, sender_id } = entry.message;
  const listed = chat.last?.seq ?? 0;
  if (chat.loaded) {
    // What is older than what is kept is loaded when somebody goes back to it.
    if (seq < firstKept(chat)) return;
    // One is missing in between, such as a system message.
    if (seq > lastKept(chat) + 1) return renewChat(chat.id).then(() => markDelivered(chat));
  } else if (seq !== listed + 1) {
    // The preview may have changed, too, and how many are unread.
    renewInbox();
  }
  // The list, which may tell of a message first, has counted it.
  if (seq > listed) chat.unread = sender_id === store.me.id ? 0 : chat.unread + 1;
  if (isShown(chat)) keepMessage(chat, entry, { isEvent: true });
  else showInList(chat, entry.message);
  chat.typing.delete(sender_id);
  if (sender_id && !store.profiles.has(sender_id) && sender_id !== store.me.id) await loadProfiles([sender_id]);
  changed("messages", chat);
  changed("chats");
  if (sender_id !== store.me.id) markDelivered(chat);
}

async function loadProfiles(users) {
  for (const profile of await ask("profiles", { users })) keepProfile(profile);
}

async function receiveReactions(chat, seq) {
  if (!chat?.messages.has(seq)) return;
  const page = await ask("history", { chat: chat.id, at: { around: seq }, limit: 1 }).catch(ignoreOffline);
  for (const entry of page?.entries ?? []) keepMessage(chat, entry);
  changed("messages", chat);
}

function receivePosition(chat, { user, read }) {
  if (!chat) return;
  if (user === store.me.id) {
    if (read === null) return;
    overtakeList(chat);
    // Not every number is a message that counts: the server knows how many are left.
    if (read < lastSeq(chat)) return renewInbox();
    chat.unread = 0;
    return changed("chats");
  }
  if (chat.loaded) {
    countsDue.add(chat);
    renewCounts();
  }
}

function receiveTyping(chat, user) {
  if (!chat) return;
  clearTimeout(chat.typing.get(user));
  const over = setTimeout(() => {
    chat.typing.delete(user);
    changed("open");
    changed("chats");
  }, 4000);
  chat.typing.set(user, over);
  changed("open");
  changed("chats");
}

/** Something of a chat changed that is not a message. */
async function renewChat(id) {
  renewInbox();
  const chat = store.chats.get(id);
  if (!chat || !isShown(chat)) return;
  try {
    if (!chat.loaded) return await renew(chat);
    const [page] = await Promise.all([ask("history", { chat: id, at: { after: lastKept(chat) } }), loadMembers(chat)]);
    const { older } = chat;
    keepPage(chat, page);
    chat.older = older;
    await loadCounts(chat);
    changed("messages", chat);
    changed("open");
  } catch (failure) {
    ignoreOffline(failure);
  }
}

function forget(id) {
  store.chats.delete(id);
  if (store.open === id) store.open = null;
  changed("chats");
  changed("open");
}

/** Sends a draft now, or when the connection or the database is back. It has an id of its own, so that it is never sent twice. */
export async function send(chat, draft) {
  chat.pending.push(draft);
  changed("messages", chat);
  await sendPending(chat);
}

/** Sends a draft that failed once more. */
export async function sendAgain(chat, draft) {
  delete draft.failed;
  changed("messages", chat);
  await sendPending(chat);
}

/** Sends the drafts of a chat one after the other, as they were written, until one has to wait. */
async function sendPending(chat) {
  if (chat.isSending) return;
  chat.isSending = true;
  const next = () => chat.pending.find(({ failed }) => !failed);
  while (next() && (await attempt(chat, next())));
  chat.isSending = false;
}

/** Gives whether it was sent or refused, and has not to wait. */
async function attempt(chat, draft) {
  const { id, text, replyTo } = draft;
  try {
    // Each picture once, however often the message is sent.
    await Promise.all(draft.pictures.map(async (picture) => (picture.key ??= (await upload(picture.file)).key)));
    const pictures = draft.pictures.map(({ key, name }) => ({ key, name }));
    const entry = await ask("send", { chat: chat.id, id, text, reply_to: replyTo, pictures });
    keepMessage(chat, entry);
    chat.unread = 0;
  } catch (failure) {
    if (failure.passes) {
      if (isConnected()) sendSoon();
      return false;
    }
    draft.failed = failure.message || "not sent";
  }
  changed("messages", chat);
  changed("chats");
  return true;
}

function sendAllPending() {
  for (const chat of store.chats.values()) sendPending(chat);
}

const sendSoon = soon(sendAllPending, 3000);

/** A random id, also where the page is not reached by HTTPS. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function ignoreOffline(failure) {
  if (!failure.passes && failure.code !== "not_a_member") console.error(failure);
}
