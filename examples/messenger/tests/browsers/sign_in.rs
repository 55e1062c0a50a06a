//! Signing in with a wrong password, too often, and after the session has ended.

use crate::support::{Browser, Service};

#[tokio::test]
async fn a_wrong_password_is_refused_and_so_are_endless_attempts() {
    let (service, browser) = (Service::start(&[("SIGN_INS_PER_MINUTE", "4")]), Browser::start());
    let anna = browser.window(&service.url()).await;
    anna.signs_up("anna", "Anna").await;
    anna.clicks("#open-settings").await;
    anna.presses("#sign-out").await;
    anna.sees("#sign-form", "").await;
    anna.signs_in("anna", "wrong horse").await;
    anna.sees("#sign-form .error", "the username or the password is wrong").await;
    // The same words for who does not exist.
    anna.signs_in("nobody", "wrong horse").await;
    anna.sees("#sign-form .error", "the username or the password is wrong").await;
    anna.signs_in("ANNA", "correct horse").await;
    anna.sees("#own-name", "Anna").await;
    anna.clicks("#open-settings").await;
    anna.presses("#sign-out").await;
    // However slow this machine is: who goes on is refused.
    let mut refused = false;
    for _ in 0..30 {
        let attempt = r#"{"username":"anna","password":"wrong horse"}"#;
        refused |= service.post("/api/sign-in", "", attempt).contains("too_many_attempts");
    }
    assert!(refused);
    anna.signs_in("anna", "correct horse").await;
    anna.sees("#sign-form .error", "too many attempts").await;
    anna.close().await;
}
