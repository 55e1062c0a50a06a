//! Markup in every text that a person can write: it is shown as it was written, and never runs.

use crate::support::{Browser, Service};

/// Runs when it becomes an element, whichever way.
fn attack(name: &str) -> String {
    format!("{name}<img src=x onerror=hacked=1><script>hacked=1</script>\"'>")
}

#[tokio::test]
async fn no_text_becomes_markup() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    let (anna_name, bob_name) = (attack("Anna"), attack("Bob"));
    anna.signs_up("anna", &anna_name).await;
    bob.signs_up("bob", &bob_name).await;
    anna.befriends("bob", &bob_name, &bob).await;

    let words = attack("words");
    anna.says(&words).await;
    bob.sees("#chats .preview", &words).await;
    bob.presses("#chats button").await;
    bob.sees(".message .text", &words).await;
    bob.sees("#title", &anna_name).await;
    bob.presses(".do-reply").await;
    bob.sees("#context", "<script>").await;
    bob.says("answer").await;
    anna.sees(".message .reply", "<script>").await;
    bob.writes("#text", "…").await;
    anna.sees("#typing", &bob_name).await;

    let edited = attack("edited");
    anna.presses_in(".message.own", "words", "Edit").await;
    anna.says(&edited).await;
    bob.sees(".message .text", &edited).await;
    anna.presses_in(".message.own", "edited", "Info").await;
    anna.sees("#dialog .edit", &words).await;
    anna.sees("#dialog .receipt", &bob_name).await;
    anna.clicks("#dialog-close").await;

    anna.clicks("#open-search").await;
    anna.writes("#words", "edited").await;
    anna.sees("#hits .hit", "<script>").await;
    anna.clicks("#dialog-close").await;

    anna.clicks("#open-people").await;
    anna.clicks("#new-group").await;
    anna.writes("#dialog [name=name]", &attack("Group")).await;
    anna.clicks("#dialog [name=member]").await;
    anna.clicks("#dialog form .primary").await;
    anna.sees("#title", &attack("Group")).await;
    bob.sees("#chats .name", &attack("Group")).await;
    anna.clicks("#open-details").await;
    anna.writes("#group-name", &attack("Renamed")).await;
    anna.types(fantoccini::key::Key::Enter).await;
    anna.sees(".message.system", &attack("Renamed")).await;

    for window in [&anna, &bob] {
        window.until("typeof hacked === 'undefined'").await;
        window.until("document.querySelectorAll('script').length === 1").await;
        window.until("!document.querySelector('img[onerror], img[src=x]')").await;
    }
    // Even a script of the page itself may not: the browser refuses to make elements of text.
    let refused = "try { document.body.insertAdjacentHTML('beforeend', '<p>'); return false } catch { return true }";
    assert_eq!(anna.script(refused, Vec::new()).await, true);
    anna.close().await;
    bob.close().await;
}
