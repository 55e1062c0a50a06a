//! Says in words what a message of the system records.

use std::collections::HashMap;

use maud::{Markup, html};
use serde_json::Value;

use super::{Profile, link};
use crate::ids::UserId;
use crate::models::Message;

/// Every user whom the messages of the system name.
pub(super) fn named(message: &Message) -> Vec<UserId> {
    ["actor", "target"].into_iter().filter_map(|part| user(&message.metadata, part)).collect()
}

fn user(metadata: &Value, part: &str) -> Option<UserId> {
    metadata.get(part)?.as_str()?.parse().ok()
}

/// `Ada renamed the group to "Hikers"`. An event that is not known here is given by its name.
pub(super) fn in_words(message: &Message, profiles: &HashMap<UserId, Profile>) -> Markup {
    let metadata = &message.metadata;
    let who = |part: &str| {
        html! {
            @match user(metadata, part) {
                Some(id) => { @if let Some(profile) = profiles.get(&id) { (link(profile)) } @else { code { (id) } } }
                None => { "somebody" }
            }
        }
    };
    let text = |part: &str| metadata.get(part).and_then(Value::as_str);
    let (actor, target) = (who("actor"), who("target"));
    let event = text("event").unwrap_or_default();
    html! {
        em {
            @match event {
                "group_created" => { (actor) " opened the group" }
                "group_renamed" => { (actor) " renamed the group to “" bdi { (text("name").unwrap_or_default()) } "”" }
                "avatar_changed" => { (actor) " changed the picture of the group" }
                "slug_changed" => {
                    (actor)
                    @match text("slug") {
                        Some(slug) => { " changed the address of the group to " bdi { (slug) } }
                        None => { " took the address of the group away" }
                    }
                }
                "history_changed" => {
                    (actor) " changed what newcomers see: "
                    @if metadata.get("newcomers_see_all") == Some(&Value::Bool(true)) { "all of the history" } @else { "what is sent from then on" }
                }
                "group_deleted" => { (actor) " deleted the group" }
                "member_added" => { (actor) " added " (target) }
                "member_removed" => { (actor) " removed " (target) }
                "member_left" => { (actor) " left" }
                "member_promoted" => { (actor) " made " (target) " an admin" }
                "member_demoted" => { (actor) " made " (target) " a plain member again" }
                "owner_changed" => { (actor) " made " (target) " the owner" }
                "" => { "a message of the system" }
                other => { (actor) ": " code { (other) } }
            }
        }
    }
}
