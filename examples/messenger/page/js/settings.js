// The own account: name, password, devices, and the end of the session.

import { button, el, submits } from "./dom.js";
import { ask } from "./device.js";
import { attempt, openDialog } from "./dialogs.js";
import { changed, store } from "./store.js";
import { long } from "./times.js";

export async function showSettings(signOut) {
  const devices = el("section", { id: "devices" });
  const done = el("p", { role: "status" });
  openDialog("Settings", profileForm(done), passwordForm(done), done, devices, button("Sign out", signOut, { id: "sign-out", class: "danger" }));
  await attempt(() => renderDevices(devices));
}

function profileForm(done) {
  const name = el("input", { name: "display_name", value: store.me.display_name ?? "", maxlength: 100 });
  const form = el("form", { id: "profile" }, el("label", {}, "Name to show", name), el("button", {}, "Save"));
  submits(form, () => attempt(async () => {
    Object.assign(store.me, await ask("update_profile", { display_name: name.value }));
    changed("people");
    done.textContent = "Saved.";
  }));
  return form;
}

function passwordForm(done) {
  const old = el("input", { type: "password", autocomplete: "current-password", required: true });
  const fresh = el("input", { type: "password", autocomplete: "new-password", required: true, minlength: 8, maxlength: 1000 });
  const form = el("form", { id: "password" }, el("label", {}, "Old password", old), el("label", {}, "New password", fresh), el("button", {}, "Change the password"));
  submits(form, () => attempt(async () => {
    await ask("change_password", { old: old.value, new: fresh.value });
    form.reset();
    done.textContent = "Changed. Your other devices are signed out.";
  }));
  return form;
}

async function renderDevices(section) {
  const again = () => renderDevices(section);
  const devices = await ask("devices");
  section.replaceChildren(
    el("h3", {}, "Devices"),
    ...devices.map((device) =>
      el("div", { class: "person device" },
        el("span", { class: "who" }, device.name ?? device.agent ?? "A device", el("br"),
          el("span", { class: "faint" }, device.this ? "this device" : `active ${long(device.active_at)}`)),
        device.this ? "" : button("Sign out", () => attempt(() => ask("end_device", { session: device.session }).then(again)))),
    ),
    devices.length > 1 ? button("Sign all others out", () => attempt(() => ask("end_other_devices").then(again)), { class: "danger" }) : "",
  );
}
