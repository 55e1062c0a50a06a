//! Everything without a mouse: to the page, along the navigation, into the diagram, through a form.

use fantoccini::key::Key;

use super::Shown;
use crate::support::Browser;

#[tokio::test]
async fn the_keyboard_is_enough_for_the_studio() {
    let (studio, browser) = (Shown::with(&[]), Browser::start());
    let window = browser.window(&studio.url).await;

    // The first stop leads past the navigation, and is seen once it has the focus.
    window.types(Key::Tab).await;
    window
        .until("document.activeElement.matches('.skip') && document.activeElement.getBoundingClientRect().left >= 0")
        .await;
    window.types(Key::Enter).await;
    window.until("document.activeElement.id === 'main'").await;

    window.presses("header a[href='/diagram']").await;
    window.sees("h1", "All tables").await;
    window.script("document.querySelector('.canvas').focus()", Vec::new()).await;
    window.script("window.before = document.querySelector('svg').width.baseVal.value", Vec::new()).await;
    window.types("++").await;
    window.until("document.querySelector('svg').width.baseVal.value > 1.5 * window.before").await;
    window.types("0").await;
    window.until("Math.abs(document.querySelector('svg').width.baseVal.value - window.before) < 1").await;
    // A table in the diagram is a link.
    window.script("document.querySelector('svg a[href=\"/tables/users\"]').focus()", Vec::new()).await;
    window.types(Key::Enter).await;
    window.sees("h1", "users").await;

    window.goes_to(&studio.address("/data/users")).await;
    window.script("document.getElementById('c').focus()", Vec::new()).await;
    window.types("username").await;
    window.types(Key::Tab).await;
    window.types(Key::Tab).await;
    window.types("bob").await;
    window.types(Key::Enter).await;
    window.sees("[aria-label=Filters] code", "username equal to bob").await;
    window.does_not_see("td", "anna").await;
    window.presses("td a[href^='/data/users/row']").await;
    window.sees("h1", "A row of users").await;
    window.sees("dd", "bob").await;
    window.does_not_see("main", "$argon2").await;
    window.close().await;
}
