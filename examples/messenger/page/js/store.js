// What this device knows: who is signed in, people, chats and their messages. Views listen to what changes.

export const store = {
  me: null,
  /** By id: `{ id, kind, name, other, last, unread, activeAt, messages: Map, older, members, counts, pending, typing }`. */
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
  return chat;
}

function fresh(id) {
  return { id, messages: new Map(), older: null, members: null, counts: new Map(), pending: [], typing: new Map() };
}

/** Keeps a message; says whether it is one that was not known. */
export function keepMessage(chat, entry, { keepReactions = false } = {}) {
  const { seq } = entry.message;
  const known = chat.messages.get(seq);
  if (known && isOlder(entry.message, known.message)) return false;
  if (known && keepReactions && !entry.message.deleted_at) entry.reactions = known.reactions;
  chat.messages.set(seq, entry);
  chat.pending = chat.pending.filter((draft) => draft.id !== entry.message.id);
  if (seq >= (chat.last?.seq ?? 0)) {
    const { sender_id, kind, content, created_at } = entry.message;
    const preview = entry.message.deleted_at ? null : (content?.slice(0, 100) ?? null);
    chat.last = { seq, sender_id, kind, preview, sent_at: created_at };
    chat.activeAt = created_at;
  }
  return !known;
}

/** Of two states of one message, the later: a deletion is final, and edits have times. */
function isOlder(one, other) {
  if (other.deleted_at && !one.deleted_at) return true;
  return !one.deleted_at && (one.edited_at ?? "") < (other.edited_at ?? "");
}

export function lastSeq(chat) {
  return Math.max(chat.last?.seq ?? 0, ...chat.messages.keys());
}
