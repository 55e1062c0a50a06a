//! The model's groups: members, roles, settings.

use std::collections::{BTreeMap, BTreeSet};

use messenger_db::enums::{ChatKind, ParticipantRole};
use messenger_db::ids::UserId;
use serde_json::{Value, json};

use super::act::{Where, Who};
use super::group_changes::Fields;
use super::messenger::{Chat, Done, Facts, Messenger, Outcome, Time};
use super::rules::refuse;

#[allow(clippy::unnecessary_wraps, reason = "what comes of an act")]
impl Messenger {
    pub fn found(&mut self, owner: UserId, others: &[Who], facts: Facts) -> Outcome {
        let mut members: BTreeSet<_> = others.iter().map(|&other| self.user(other)).collect();
        members.remove(&owner);
        refuse!(
            self.is_closed(owner) || members.iter().any(|&user| self.is_closed(user)) => "UserNotFound",
            members.iter().any(|&user| self.blocks(user, owner)) => "UserNotFound",
            members.iter().any(|&user| self.blocks(owner, user)) => "Blocked",
            members.iter().any(|&user| !self.may_add(owner, user)) => "NotAddable",
        );
        let Some(id) = facts.chat else { return Ok(Done::Nothing) };
        let mut chat = Chat {
            kind: ChatKind::Group,
            fields: Fields::new(Some("Group")),
            pair: None,
            created_at: facts.now,
            deleted_at: None,
            participants: BTreeMap::new(),
            unseen: BTreeMap::new(),
            posts: vec![],
            version: 0,
        };
        let names: Vec<_> = members.iter().map(UserId::to_string).collect();
        let metadata = json!({ "event": "group_created", "actor": owner.to_string(), "members": names });
        chat.record(id, facts.now, metadata, BTreeSet::new());
        chat.join(id, owner, ParticipantRole::Owner, facts.now);
        for user in members {
            chat.join(id, user, ParticipantRole::Member, facts.now);
        }
        self.opened.push(id);
        self.chats.insert(id, chat);
        Ok(Done::Chat(id))
    }

    pub fn add(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        let role = self.group_role(chat, actor);
        refuse!(
            role.is_none() => "NotAMember",
            role == Some(ParticipantRole::Member) => "NotAllowed",
            self.is_closed(user) => "UserNotFound",
            self.group_role(chat, user).is_some() => "AlreadyAMember",
            self.blocks(user, actor) => "UserNotFound",
            self.blocks(actor, user) => "Blocked",
            !self.may_add(actor, user) => "NotAddable",
        );
        let (id, group) = self.chat_mut(chat);
        // To those who were there before.
        let metadata = json!({ "event": "member_added", "actor": actor.to_string(), "target": user.to_string() });
        group.record(id, now, metadata, group.members());
        if !group.fields.newcomers_see_all {
            let before = group.head() - 1;
            let unseen = group.unseen.entry(user).or_default();
            unseen.0 = unseen.0.max(before);
        }
        Ok(Done::Participant(group.join(id, user, ParticipantRole::Member, now)))
    }

    pub fn remove(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        use ParticipantRole::{Admin, Member};
        let (role, other) = (self.group_role(chat, actor), self.group_role(chat, user));
        refuse!(
            role.is_none() => "NotAMember",
            actor == user => "Oneself",
            role == Some(Member) || (role == Some(Admin) && other.is_some_and(|role| role != Member)) => "NotAllowed",
            other.is_none() => "UserNotAMember",
        );
        let (id, group) = self.chat_mut(chat);
        group.leave(user, now);
        let metadata = json!({ "event": "member_removed", "actor": actor.to_string(), "target": user.to_string() });
        group.record(id, now, metadata, group.members());
        Ok(Done::Nothing)
    }

    pub fn promote(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        let (role, other) = (self.group_role(chat, actor), self.group_role(chat, user));
        refuse!(
            role.is_none() => "NotAMember",
            role.is_some_and(|role| role != ParticipantRole::Owner) => "NotAllowed",
            other.is_none() => "UserNotAMember",
            other == Some(ParticipantRole::Owner) => "IsOwner",
        );
        let metadata = json!({ "event": "member_promoted", "actor": actor.to_string(), "target": user.to_string() });
        self.set_role(chat, user, ParticipantRole::Admin, metadata, now)
    }

    pub fn demote(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        let (role, other) = (self.group_role(chat, actor), self.group_role(chat, user));
        refuse!(
            role.is_none() => "NotAMember",
            role.is_some_and(|role| role != ParticipantRole::Owner) && actor != user => "NotAllowed",
            other.is_none() => "UserNotAMember",
            other == Some(ParticipantRole::Owner) => "IsOwner",
        );
        let metadata = json!({ "event": "member_demoted", "actor": actor.to_string(), "target": user.to_string() });
        self.set_role(chat, user, ParticipantRole::Member, metadata, now)
    }

    pub fn set_role(&mut self, chat: Where, user: UserId, role: ParticipantRole, event: Value, now: Time) -> Outcome {
        if self.group_role(chat, user) != Some(role) {
            let (id, group) = self.chat_mut(chat);
            group.participants.get_mut(&user).unwrap().role = role;
            group.record(id, now, event, group.members());
        }
        Ok(Done::Nothing)
    }

    pub fn transfer(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        let (role, other) = (self.group_role(chat, actor), self.group_role(chat, user));
        refuse!(
            role.is_none() => "NotAMember",
            role.is_some_and(|role| role != ParticipantRole::Owner) => "NotAllowed",
            actor == user => "IsOwner",
            other.is_none() => "UserNotAMember",
        );
        let (id, group) = self.chat_mut(chat);
        group.participants.get_mut(&actor).unwrap().role = ParticipantRole::Admin;
        group.participants.get_mut(&user).unwrap().role = ParticipantRole::Owner;
        // The owner before has another role, too.
        group.next_version();
        let metadata = json!({ "event": "owner_changed", "actor": actor.to_string(), "target": user.to_string() });
        group.record(id, now, metadata, group.members());
        Ok(Done::Nothing)
    }
}
