// One message: its words, pictures, reactions and ticks, and what can be done with it.

import { button, el } from "./dom.js";
import { nameOf, store } from "./store.js";
import { time } from "./times.js";

export const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

/** The element of a message. `act` has what can be done: `reply`, `edit`, `remove`, `react`, `info`, `go`. */
export function messageElement(chat, entry, act) {
  const { message } = entry;
  if (message.kind === "system") {
    return el("div", { class: "message system", "data-seq": message.seq }, systemText(message));
  }
  const own = message.sender_id === store.me.id;
  const gone = Boolean(message.deleted_at);
  return el(
    "article",
    { class: `message ${own ? "own" : ""}`, "data-seq": message.seq, "aria-label": nameOf(message.sender_id), tabindex: -1 },
    !own && chat.kind === "group" ? el("div", { class: "sender" }, nameOf(message.sender_id)) : null,
    gone ? null : reply(entry, act),
    gone ? null : pictures(chat, entry),
    gone ? el("div", { class: "gone" }, "Message deleted") : message.content && el("div", { class: "text" }, message.content),
    gone ? null : reactions(entry, act),
    el(
      "div",
      { class: "foot" },
      message.edited_at && !gone ? "edited " : null,
      time(message.created_at),
      own && !gone ? [" ", tick(chat, message.seq)] : null,
    ),
    gone ? null : actions(chat, entry, own, act),
  );
}

/** What is not sent yet. */
export function pendingElement(draft, act) {
  return el(
    "article",
    { class: "message own pending", "data-draft": draft.id },
    draft.reply ? el("div", { class: "faint" }, `↪ ${draft.reply}`) : null,
    draft.pictures.length > 0 ? el("div", {}, `📷 ${draft.pictures.length}`) : null,
    draft.text && el("div", { class: "text" }, draft.text),
    el("div", { class: "foot" }, draft.failed ?? "sending …", " ", el("span", { class: "tick", "aria-label": "not sent yet" }, "🕓")),
    draft.failed ? [button("Send again", () => act.again(draft)), button("Discard", () => act.discard(draft), { class: "danger" })] : null,
  );
}

function reply(entry, act) {
  const answered = entry.reply_to;
  if (!answered) return null;
  const words = answered.is_deleted ? "Message deleted" : (answered.preview ?? "📷 Picture");
  return button([el("b", {}, nameOf(answered.sender_id)), ` ${words}`], () => act.go(answered.seq), { class: "reply" });
}

function pictures(chat, entry) {
  return entry.attachments.map((picture) =>
    el("img", {
      src: `/pictures/${chat.id}/${entry.message.seq}/${picture.position}`,
      alt: picture.file_name,
      loading: "lazy",
      width: picture.width,
      height: picture.height,
    }),
  );
}

function reactions(entry, act) {
  if (entry.reactions.length === 0) return null;
  const shown = entry.reactions.map(({ emoji, count, mine }) =>
    button(`${emoji} ${count}`, () => act.react(entry, emoji, !mine), {
      "aria-pressed": String(mine),
      "aria-label": `${emoji}, ${count}`,
      "data-does": `reaction ${emoji}`,
    }),
  );
  return el("div", { class: "reactions" }, shown);
}

function actions(chat, entry, own, act) {
  const mayDelete = own || (chat.kind === "group" && ["owner", "admin"].includes(ownRole(chat)));
  const emoji = EMOJI.map((one) => button(one, () => act.react(entry, one, true), { "aria-label": `React with ${one}`, class: "react", "data-does": `react ${one}` }));
  return el(
    "div",
    { class: "actions" },
    button("Reply", () => act.reply(entry), { class: "do-reply" }),
    emoji,
    own ? button("Edit", () => act.edit(entry), { class: "do-edit" }) : null,
    mayDelete ? button("Delete", () => act.remove(entry), { class: "do-delete danger" }) : null,
    button("Info", () => act.info(entry), { class: "do-info" }),
  );
}

function ownRole(chat) {
  return chat.members?.find((member) => member.profile.id === store.me.id)?.role;
}

/** How far a message of ours got: one tick sent, two delivered, two coloured ones read, by everybody. */
function tick(chat, seq) {
  const counts = chat.counts.get(seq);
  const of = (number) => counts && counts.recipients > 0 && number >= counts.recipients;
  if (of(counts?.read)) return el("span", { class: "tick read", "aria-label": "read" }, "✓✓");
  if (of(counts?.delivered)) return el("span", { class: "tick delivered", "aria-label": "delivered" }, "✓✓");
  return el("span", { class: "tick sent", "aria-label": "sent" }, "✓");
}

/** What happened in a group, in words. */
export function systemText(message) {
  const { event, actor, target, name } = message.metadata;
  const [who, whom] = [actor && nameOf(actor), target && nameOf(target)];
  switch (event) {
    case "group_created": return `${who} opened the group`;
    case "group_renamed": return `${who} named the group “${name}”`;
    case "avatar_changed": return `${who} changed the group's picture`;
    case "history_changed": return `${who} changed what newcomers see`;
    case "slug_changed": return `${who} changed the group's link`;
    case "group_deleted": return `${who} deleted the group`;
    case "member_added": return `${who} added ${whom}`;
    case "member_removed": return `${who} removed ${whom}`;
    case "member_left": return `${who} left`;
    case "member_promoted": return `${who} made ${whom} an admin`;
    case "member_demoted": return `${whom} is no longer an admin`;
    case "owner_changed": return `${whom} is the owner now`;
    default: return "Something changed";
  }
}
