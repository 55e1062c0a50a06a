//! A chat on its way to a page of changes: what the device knows, and what follows.

use std::collections::BTreeSet;

use super::read::{Logged, Which};
use super::state::KnownChat;
use crate::enums::ChatChangeKind;
use crate::ids::UserId;
use crate::seq::Seq;

/// A chat that is as the device knows it but for what follows, on its way to a page.
pub(super) struct Candidate {
    pub(super) now: Which,
    pub(super) known: KnownChat,
    /// Up to where the page has new messages.
    pub(super) through_seq: Seq,
    pub(super) logged: Vec<Logged>,
    /// Whether there is more in the log than what is in `logged`.
    pub(super) is_cut: bool,
}

impl Candidate {
    pub(super) fn is_complete(&self) -> bool {
        !self.is_cut && self.through_seq == self.now.last_seq
    }

    /// What the device knows after the page.
    pub(super) fn known_after(&self) -> KnownChat {
        let logged = self.logged.last().map_or(self.known.version, |logged| logged.version);
        KnownChat {
            seq: self.through_seq,
            version: if self.is_complete() { self.now.version } else { logged },
            read_seq: self.now.last_read_seq,
        }
    }

    /// The seqs of the messages on the page: what is new, and what changed of what the device could know.
    pub(super) fn seqs(&self) -> impl Iterator<Item = Seq> {
        let known = self.known.seq;
        let changed = self.logged.iter().filter_map(|logged| logged.message_seq).filter(move |seq| *seq <= known);
        let new = (known.get() + 1..=self.through_seq.get()).map(Seq::new);
        changed.chain(new).collect::<BTreeSet<_>>().into_iter()
    }

    /// Whether the page's messages of this chat may have reactions. They have none if all that happened since the device's
    /// state are the messages that are new to it: a reaction is logged, and takes a version beside theirs.
    pub(super) fn may_have_reactions(&self) -> bool {
        let new = self.now.last_seq.since(self.known.seq);
        self.is_cut || !self.logged.is_empty() || self.known.version.get().saturating_add(new) != self.now.version.get()
    }

    pub(super) fn users(&self) -> impl Iterator<Item = UserId> {
        let is_membership = |logged: &&Logged| {
            matches!(
                logged.kind,
                ChatChangeKind::MemberJoined | ChatChangeKind::MemberLeft | ChatChangeKind::RoleChanged
            )
        };
        self.logged.iter().filter(is_membership).filter_map(|logged| logged.user_id)
    }

    /// Whether the chat itself is on the page: its profile changed, or how many members it has.
    pub(super) fn shows_chat(&self) -> bool {
        self.logged.iter().any(|logged| {
            matches!(
                logged.kind,
                ChatChangeKind::ChatChanged
                    | ChatChangeKind::ChatDeleted
                    | ChatChangeKind::MemberJoined
                    | ChatChangeKind::MemberLeft
            )
        })
    }
}
