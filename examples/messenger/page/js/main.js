// Starts the page: who is signed in, then the list and the conversation.

import { byId } from "./dom.js";
import { post, signedIn } from "./http.js";
import { ask, connect, disconnect, isConnected } from "./device.js";
import { closeDialog } from "./dialogs.js";
import { showComposer } from "./composer.js";
import { openChat, showConversation } from "./conversation.js";
import { showList } from "./list.js";
import { listenToPeople, showDetails, showPeople } from "./people.js";
import { searchByKey, showSearch } from "./search.js";
import { showSettings } from "./settings.js";
import { showSignIn } from "./sign_in.js";
import { changed, listen, nameOf, store } from "./store.js";

showList(openChat);
showConversation();
showComposer();
listenToPeople();
listen("people", () => store.me && (byId("own-name").textContent = nameOf(store.me.id)));
byId("open-search").onclick = showSearch;
byId("open-people").onclick = showPeople;
byId("open-details").onclick = showDetails;
byId("open-settings").onclick = () => showSettings(signOut);
addEventListener("keydown", (event) => {
  searchByKey(event);
  if (event.key === "Escape" && store.open && !byId("dialog").open) openChat(null);
});
document.addEventListener("visibilitychange", () => {
  if (isConnected()) ask("presence", { status: document.visibilityState === "visible" ? "online" : "away" }).catch(() => {});
});

start();

/** Asks who is signed in, again while the server or its database is away: nobody has to sign in for that. */
async function start() {
  try {
    const me = await signedIn();
    byId("away").hidden = true;
    if (me) begin(me);
    else showSignIn(begin);
  } catch {
    byId("away").hidden = false;
    setTimeout(start, 2000);
  }
}

function begin(me) {
  store.me = me;
  byId("app").hidden = false;
  byId("own-name").textContent = me.display_name ?? me.username;
  connect({ onState: (open) => (byId("offline").hidden = open), onSignedOut: end });
}

/** Forgets everything: another may sign in. */
function end() {
  disconnect();
  closeDialog();
  store.me = null;
  store.open = null;
  store.chats.clear();
  store.profiles.clear();
  changed("open");
  changed("chats");
  showSignIn(begin);
}

async function signOut() {
  await post("/api/sign-out", {}).catch(() => {});
  end();
}
