//! Markup in every name, comment and value: it is shown as it was written, and never runs.

use super::Shown;
use crate::support::Browser;

#[tokio::test]
async fn nothing_in_a_database_becomes_markup_or_runs() {
    let attack = "<img src=x onerror=hacked=1><script>hacked=1</script>\"&";
    let name = format!("\"{}\"", attack.replace('"', "\"\""));
    let make = format!(
        "CREATE TABLE {name} ({name} text PRIMARY KEY, b jsonb, c bytea, d text[], e text REFERENCES {name}, f xml,
             CONSTRAINT {name} CHECK (b IS NOT NULL))"
    );
    let fill = format!(
        "INSERT INTO {name} VALUES ('{attack}', '{{\"<script>hacked=1</script>\": 1}}', '\\x3c', ARRAY['{attack}'], '{attack}', '<a/>')"
    );
    let comment = format!("COMMENT ON TABLE {name} IS '{attack}'");
    let people = format!("UPDATE users SET display_name = '{attack}', avatar_url = 'javascript:hacked=1'");
    let said = format!("UPDATE messages SET content = '{attack}'");
    let studio = Shown::with(&[&make, &fill, &comment, &people, &said]);
    let browser = Browser::start();
    let window = browser.window(&studio.url).await;
    let encoded: String = attack.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let hostile = ["/tables/", "/data/", "/diagram?table="].map(|page| format!("{page}{encoded}"));
    let row = format!("/data/{encoded}/row?c={encoded}&o=eq&v={encoded}");
    for page in studio.pages.iter().chain(&hostile).chain([&row, &"/diagram?others=1".to_owned()]) {
        window.goes_to(&studio.address(page)).await;
        window.until("document.querySelector('h1')").await;
        let is_harmless = "typeof hacked === 'undefined' && document.querySelectorAll('script').length === 1
            && document.querySelectorAll('img, iframe, object, embed, form[action^=\"http\"]').length === 0
            && document.querySelectorAll('[href^=\"javascript\"]').length === 0";
        window.until(is_harmless).await;
    }
    window.goes_to(&studio.address(&row)).await;
    window.sees("dd", attack).await;
    window.close().await;
}
