//! Contrast, names, landmarks and headings of every page, in both colour schemes; and a narrow screen.

use serde_json::{Value, json};

use super::Shown;
use crate::support::{Browser, Window};

/// What axe-core finds wrong with the page that is shown, each with the elements.
async fn faults(window: &Window) -> Value {
    let axe = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/axe-core/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(axe).expect("axe-core; `make chat-test` installs it");
    let start = "window.faults = undefined;
        axe.run(document, { resultTypes: ['violations'] }).then(
            (found) => { window.faults = found.violations.map((one) => [one.id, one.help, one.nodes.slice(0, 3).map((node) => node.html)]); },
            (error) => { window.faults = [String(error)]; });";
    window.script(&format!("{axe}\n{start}"), Vec::new()).await;
    window.until("window.faults !== undefined").await;
    window.script("return window.faults", Vec::new()).await
}

#[tokio::test]
async fn every_page_is_legible_in_both_colour_schemes() {
    let (studio, browser) = (Shown::with(&[]), Browser::start());
    for (scheme, arguments) in [("light", &[][..]), ("dark", &["--force-dark-mode"])] {
        let window = browser.window_with(&studio.url, arguments).await;
        window.until(&format!("matchMedia('(prefers-color-scheme: {scheme})').matches")).await;
        let mut found = Vec::new();
        for page in &studio.pages {
            window.goes_to(&studio.address(page)).await;
            let faults = faults(&window).await;
            if faults != json!([]) {
                found.push(format!("{page}, {scheme}: {faults}"));
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
        if scheme == "light" {
            picture(&studio, &window).await;
        }
        window.close().await;
    }
}

/// The picture of README.md, anew when it is asked for.
async fn picture(studio: &Shown, window: &Window) {
    window.size(1000, 900).await;
    window.goes_to(&studio.address("/diagram?table=messages&zoom=75")).await;
    let picture = window.picture().await;
    if std::env::var_os("PICTURES").is_some_and(|value| value == "overwrite") {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/pictures/studio.png"), picture).unwrap();
    }
}

#[tokio::test]
async fn a_narrow_screen_shows_every_page_without_scrolling_sideways() {
    let (studio, browser) = (Shown::with(&[]), Browser::start());
    let window = browser.window(&studio.url).await;
    window.size(500, 800).await;
    for page in &studio.pages {
        window.goes_to(&studio.address(page)).await;
        window.until("document.querySelector('h1')").await;
        let wide = "[...document.querySelectorAll('body *')].filter((one) => !one.closest('.scroll, pre, .skip')
            && one.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((one) => one.outerHTML.slice(0, 200))";
        let found = window
            .script(&format!("return [document.documentElement.scrollWidth > innerWidth, {wide}]"), Vec::new())
            .await;
        assert_eq!(found, json!([false, []]), "{page}");
    }
    window.close().await;
}
