// People: contacts, requests and blocks; groups and their members.

import { button, byId, el, soon, submits } from "./dom.js";
import { ask } from "./device.js";
import { attempt, closeDialog, confirmDialog, openDialog } from "./dialogs.js";
import { openChat } from "./conversation.js";
import { face } from "./list.js";
import { keepProfile, listen, nameOf, store } from "./store.js";

/** The dialog that is shown now, to be rendered anew when something changes. */
let renew = null;

export function listenToPeople() {
  const soonAnew = soon(() => {
    if (!byId("dialog").open || !renew) return;
    // The button that has the focus keeps it.
    const focused = document.activeElement;
    const [user, label] = [focused?.closest("[data-user]")?.dataset.user, focused?.textContent];
    renew();
    const buttons = user ? byId("dialog").querySelectorAll(`[data-user="${user}"] button`) : [];
    [...buttons].find((one) => one.textContent === label)?.focus();
  });
  listen("people", soonAnew);
  listen("open", soonAnew);
  byId("dialog").addEventListener("close", () => (renew = null));
}

function person(profile, ...buttons) {
  const name = profile.display_name ?? profile.username ?? "Deleted account";
  const of = store.profiles.get(profile.id) ?? profile;
  return el("div", { class: "person", "data-user": profile.id },
    face(name, of.status), el("span", { class: "who" }, name, el("br"), el("span", { class: "faint" }, profile.username ? `@${profile.username}` : "")), ...buttons);
}

const does = (label, op, user, attributes) => button(label, () => attempt(() => ask(op, { user })), attributes);

/** Contacts, requests, blocks, and a search for more. */
export function showPeople() {
  const found = el("div", { id: "found" });
  const lists = el("div", {});
  const part = el("input", { type: "search", id: "find", placeholder: "Find people by username", "aria-label": "Find people" });
  part.oninput = soon(async () => {
    const wanted = part.value.trim();
    const people = wanted ? await ask("find_people", { part: wanted }).catch(() => []) : [];
    people.forEach(keepProfile);
    found.replaceChildren(...people.filter(({ id }) => id !== store.me.id).map((profile) => person(profile, does("Ask", "ask", profile.id))));
  }, 150);
  openDialog("People", part, found, lists, button("New group", showNewGroup, { id: "new-group" }));
  renew = () => lists.replaceChildren(...sections());
  renew();
}

function sections() {
  const { contacts, received, sent, blocked } = store.people;
  const section = (title, list, actions) =>
    list.length > 0 && el("section", {}, el("h3", {}, title), list.map(({ profile }) => person(profile, ...actions(profile.id))));
  return [
    section("Requests to you", received, (id) => [does("Accept", "accept", id, { class: "primary" }), does("Decline", "decline", id)]),
    section("Contacts", contacts, (id) => [
      button("Write", () => attempt(async () => {
        const chat = await ask("open_direct", { user: id });
        await opened(chat.id);
      })),
      does("Remove", "remove_contact", id),
      does("Block", "block", id, { class: "danger" }),
    ]),
    section("Your requests", sent, (id) => [does("Take back", "remove_contact", id)]),
    section("Blocked", blocked, (id) => [does("Unblock", "unblock", id)]),
  ].filter(Boolean);
}

/** Waits until a chat is in the list, and opens it. */
async function opened(id) {
  if (!store.chats.has(id)) {
    await new Promise((resolve) => {
      listen("chats", () => store.chats.has(id) && resolve());
      setTimeout(resolve, 5000);
    });
  }
  closeDialog();
  await openChat(id);
}

function choice(profile) {
  const name = profile.display_name ?? profile.username;
  return el("label", { class: "person" }, el("input", { type: "checkbox", name: "member", value: profile.id }), " ", name);
}

function showNewGroup() {
  renew = null;
  const name = el("input", { name: "name", maxlength: 100, required: true, placeholder: "Name of the group", "aria-label": "Name of the group" });
  const form = el("form", {}, name, store.people.contacts.map(({ profile }) => choice(profile)), el("button", { class: "primary" }, "Open the group"));
  submits(form, () => attempt(async () => {
    const members = [...form.querySelectorAll(":checked")].map((box) => box.value);
    const chat = await ask("create_group", { name: name.value, members });
    await opened(chat.id);
  }));
  openDialog("New group", form);
}

/** About the chat that is open: for a group, its name, members and roles. */
export function showDetails() {
  const chat = store.chats.get(store.open);
  if (!chat) return;
  if (chat.kind === "direct") {
    const profile = store.profiles.get(chat.other);
    return openDialog(nameOf(chat.other), person(profile), does("Block", "block", chat.other, { class: "danger" }));
  }
  openDialog(chat.name, el("div", {}));
  // One form for as long as the dialog is open: what is being typed into it outlives a change by somebody else.
  const form = renameForm(chat);
  renew = () => {
    const focused = document.activeElement;
    byId("dialog-body").replaceChildren(...group(store.chats.get(chat.id), form));
    if (form.contains(focused)) focused.focus();
  };
  renew();
}

function group(chat, form) {
  if (!chat) {
    closeDialog();
    return [];
  }
  byId("dialog-title").textContent = chat.name;
  const members = chat.members ?? [];
  const role = members.find(({ profile }) => profile.id === store.me.id)?.role;
  const manages = role === "owner" || role === "admin";
  const about = (op, user) => () => attempt(() => ask(op, { chat: chat.id, user }));
  const row = (member) => {
    const { id } = member.profile;
    const other = id !== store.me.id;
    return person(member.profile, el("span", { class: "faint role" }, member.role),
      other && role === "owner" && member.role === "member" && button("Make admin", about("promote", id)),
      other && role === "owner" && member.role === "admin" && button("Make member", about("demote", id)),
      other && role === "owner" && button("Make owner", about("transfer_ownership", id)),
      other && (role === "owner" || (role === "admin" && member.role === "member")) && button("Remove", about("remove_member", id), { class: "danger" }));
  };
  const leave = async (op, question, label) => {
    if (await confirmDialog(question, label)) await ask(op, { chat: chat.id });
  };
  const addable = store.people.contacts.filter(({ profile }) => !members.some((member) => member.profile.id === profile.id));
  return [
    manages && form,
    el("section", {}, el("h3", {}, "Members"), members.map(row)),
    manages && addable.length > 0 && el("section", {}, el("h3", {}, "Add"), addable.map(({ profile }) => person(profile, button("Add", about("add_member", profile.id))))),
    button("Leave the group", () => leave("leave_group", "Leave this group?", "Leave"), { class: "danger" }),
    role === "owner" && button("Delete the group", () => leave("delete_group", "Delete this group for everybody?", "Delete"), { class: "danger" }),
  ].filter(Boolean);
}

function renameForm(chat) {
  const name = el("input", { value: chat.name, maxlength: 100, "aria-label": "Name of the group", id: "group-name" });
  const form = el("form", {}, name, el("button", {}, "Rename"));
  submits(form, () => attempt(() => ask("rename_group", { chat: chat.id, name: name.value })));
  return form;
}
