// What this device knows: who is signed in, people, chats and their messages. Views listen to what changes.

export const store = {
  me: null,
  /** By id: `{ id, kind, name, other, last, unread, activeAt, messages: Map, loaded, older, members, counts, pending, isSending, typing }`. */
  chats: new Map(),
  profiles: new Map(),
  people: { contacts: [], received: [], sent: [], blocked: [] },
  open: null,
};

const listeners = new Map();

/** Calls the listener when that changes: `chats`, `open`, `messages`, `people`. */
export function listen(what, listener) {
  if (!listeners.has(what)) listeners.set(what, []);
  listeners.get(what).push(listener);
}

export function changed(what, detail) {
  for (const listener of listeners.get(what) ?? []) listener(detail);
}

export function keepProfile(profile) {
  if (profile) store.profiles.set(profile.id, { ...store.profiles.get(profile.id), ...profile });
}

/** What a person is called. */
export function nameOf(id) {
  if (id === store.me?.id) return store.me.display_name ?? store.me.username;
  const profile = store.profiles.get(id);
  if (!profile) return "…";
  return profile.display_name ?? profile.username ?? "Deleted account";
}

export function chatName(chat) {
  return chat.kind === "group" ? chat.name : nameOf(chat.other);
}

/** An entry of the inbox becomes a chat, or renews one. */
export function keepEntry(entry) {
  keepProfile(entry.other);
  const chat = store.chats.get(entry.chat_id) ?? fresh(entry.chat_id);
  Object.assign(chat, {
    kind: entry.kind, name: entry.name, other: entry.other?.id ?? null, memberCount: entry.member_count,
    last: entry.last, unread: entry.unread_count, activeAt: entry.active_at,
  });
  store.chats.set(chat.id, chat);
}

function fresh(id) {
  return { id, messages: new Map(), loaded: false, older: null, members: null, counts: new Map(), pending: [], isSending: false, typing: new Map() };
}

/**
 * Keeps a message; says whether it is one that was not known. What is read comes in order, so its reactions are always the
 * latest; an event is told to all, so it has none.
 */
export function keepMessage(chat, entry, { isEvent = false } = {}) {
  const { seq } = entry.message;
  const known = chat.messages.get(seq);
  // Whatever order events and answers come in: of two states of a message, the one of the later version stands.
  if (known && entry.message.version < known.message.version) {
    if (!isEvent && !known.message.deleted_at) known.reactions = entry.reactions;
    return false;
  }
  if (isEvent && !entry.message.deleted_at) entry.reactions = known?.reactions ?? [];
  chat.messages.set(seq, entry);
  showInAnswers(chat, entry.message);
  showInList(chat, entry.message);
  chat.pending = chat.pending.filter((draft) => draft.id !== entry.message.id);
  return !known;
}

function preview(message) {
  return message.deleted_at ? null : (message.content?.slice(0, 100) ?? null);
}

/** The list shows the newest message, of a chat that is loaded or not. */
export function showInList(chat, message) {
  const { seq, sender_id, kind, created_at } = message;
  if (seq < (chat.last?.seq ?? 0)) return;
  chat.last = { seq, sender_id, kind, preview: preview(message), sent_at: created_at };
  chat.activeAt = created_at;
}

/** Answers quote the message as it is now. */
function showInAnswers(chat, message) {
  for (const { reply_to: answered } of chat.messages.values()) {
    if (answered?.seq !== message.seq) continue;
    answered.preview = preview(message);
    answered.is_deleted = Boolean(message.deleted_at);
  }
}

/** The oldest message of a chat that is kept; 0 without any. */
export function firstKept(chat) {
  return chat.messages.size > 0 ? Math.min(...chat.messages.keys()) : 0;
}

/** The newest one; 0 without any. */
export function lastKept(chat) {
  return Math.max(0, ...chat.messages.keys());
}

/** The newest message of a chat that is known of, kept or not. */
export function lastSeq(chat) {
  return Math.max(chat.last?.seq ?? 0, lastKept(chat));
}
