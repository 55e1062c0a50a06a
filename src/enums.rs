//! The closed sets of values: one Rust enum for each enum type of PostgreSQL, label by label.
//!
//! A misspelt label does not compile, and a test holds these labels against the server's `enum_range`.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use std::io::Write;

use crate::schema::sql_types as generated;

/// An enum type of PostgreSQL.
pub trait PgEnum: Copy + Sized + 'static {
    /// What PostgreSQL calls the type.
    const TYPE_NAME: &'static str;

    /// Every value, in PostgreSQL's order.
    const ALL: &'static [Self];

    /// What PostgreSQL calls the value.
    fn label(self) -> &'static str;
}

/// A text that is no label of the enum it was read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{label:?} is no {type_name}; it is one of {}", .expected.join(", "))]
pub struct UnknownLabel {
    type_name: &'static str,
    label: String,
    expected: Vec<&'static str>,
}

fn from_label<E: PgEnum>(label: &str) -> Result<E, UnknownLabel> {
    E::ALL.iter().copied().find(|value| value.label() == label).ok_or_else(|| UnknownLabel {
        type_name: E::TYPE_NAME,
        label: label.to_owned(),
        expected: E::ALL.iter().map(|value| value.label()).collect(),
    })
}

macro_rules! pg_enum {
    ($($(#[$doc:meta])+ $name:ident = $sql_type:path, $type_name:literal {
        $($(#[$variant_doc:meta])+ $variant:ident = $label:literal),+ $(,)?
    })+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
        #[diesel(sql_type = $sql_type)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum $name {
            $($(#[$variant_doc])+ #[cfg_attr(feature = "serde", serde(rename = $label))] $variant,)+
        }

        impl PgEnum for $name {
            const TYPE_NAME: &'static str = $type_name;
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.label())
            }
        }

        impl FromStr for $name {
            type Err = UnknownLabel;

            fn from_str(label: &str) -> Result<Self, Self::Err> {
                from_label(label)
            }
        }

        impl ToSql<$sql_type, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.label().as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl FromSql<$sql_type, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Ok(from_label(std::str::from_utf8(value.as_bytes())?)?)
            }
        }
    )+};
}

/// The SQL types of enums that only views use, which `diesel print-schema` therefore does not see.
pub mod sql_types {
    use diesel::query_builder::QueryId;
    use diesel::sql_types::SqlType;

    /// The enum type `delivery_status`.
    #[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
    #[diesel(postgres_type(name = "delivery_status"))]
    pub struct DeliveryStatus;
}

pg_enum! {
    /// Whether a user is there, as the user's devices last reported it.
    UserStatus = generated::UserStatus, "user_status" {
        /// A device of the user is connected and in use.
        Online = "online",
        /// No device of the user is connected.
        Offline = "offline",
        /// Connected, but not in use.
        Away = "away",
    }

    /// To whom a user shows something, or whom they let do something. Whom they have blocked is never among them.
    Visibility = generated::Visibility, "visibility" {
        /// Everybody who is signed in.
        Everybody = "everybody",
        /// Accepted contacts.
        Contacts = "contacts",
        /// Nobody but the user.
        Nobody = "nobody",
    }

    /// What kind of device a session runs on.
    DeviceType = generated::DeviceType, "device_type" {
        /// A browser.
        Web = "web",
        /// An iPhone or iPad.
        Ios = "ios",
        /// An Android device.
        Android = "android",
        /// A program on a computer.
        Desktop = "desktop",
        /// Anything else.
        Other = "other",
    }

    /// Whether a contact was only asked for, or agreed to.
    ContactStatus = generated::ContactStatus, "contact_status" {
        /// One of the two asked; the other has not answered.
        Pending = "pending",
        /// Both agree.
        Accepted = "accepted",
    }

    /// A chat of exactly two users, or of up to 300.
    ChatKind = generated::ChatKind, "chat_kind" {
        /// Two users; one such chat per pair.
        Direct = "direct",
        /// A named chat of up to 300 members.
        Group = "group",
    }

    /// What a member may do in a group. In a direct chat both are members.
    ParticipantRole = generated::ParticipantRole, "participant_role" {
        /// May do everything; at most one at a time.
        Owner = "owner",
        /// May manage members and messages.
        Admin = "admin",
        /// May read and write.
        Member = "member",
    }

    /// What a message is.
    MessageKind = generated::MessageKind, "message_kind" {
        /// Words.
        Text = "text",
        /// Pictures, with or without words.
        Image = "image",
        /// The chat's own record of what happened in it; it has no sender.
        System = "system",
    }

    /// The media types that an attachment may have.
    ImageType = generated::ImageType, "image_type" {
        /// `image/jpeg`.
        Jpeg = "image/jpeg",
        /// `image/png`.
        Png = "image/png",
        /// `image/gif`.
        Gif = "image/gif",
        /// `image/webp`.
        Webp = "image/webp",
    }

    /// Who carries a notification to a device.
    PushService = generated::PushService, "push_service" {
        /// Apple's Push Notification service.
        Apns = "apns",
        /// Firebase Cloud Messaging.
        Fcm = "fcm",
        /// The push service of a browser.
        WebPush = "web_push",
        /// A distributor of UnifiedPush.
        UnifiedPush = "unified_push",
    }

    /// How far a message got with one of its recipients.
    DeliveryStatus = sql_types::DeliveryStatus, "delivery_status" {
        /// Not received yet.
        Pending = "pending",
        /// Received by a device, not read.
        Delivered = "delivered",
        /// Read.
        Read = "read",
    }

    /// What changed in a chat, besides a new message.
    ChatChangeKind = generated::ChatChangeKind, "chat_change_kind" {
        /// A message has other words.
        MessageEdited = "message_edited",
        /// A message was deleted.
        MessageDeleted = "message_deleted",
        /// A message got a reaction or lost one.
        ReactionsChanged = "reactions_changed",
        /// A user became a member, for the first time or again.
        MemberJoined = "member_joined",
        /// A user is no longer a member.
        MemberLeft = "member_left",
        /// A member has another role.
        RoleChanged = "role_changed",
        /// The chat has another name, picture, link or setting.
        ChatChanged = "chat_changed",
        /// The chat was deleted.
        ChatDeleted = "chat_deleted",
        /// A member has another name or picture.
        ProfileChanged = "profile_changed",
        /// A member has another picture, and no other name.
        PictureChanged = "picture_changed",
    }

    /// What changed of a user's own things.
    UserChangeKind = generated::UserChangeKind, "user_change_kind" {
        /// The user is a member of a chat, for the first time or again.
        MembershipBegan = "membership_began",
        /// The user is no longer a member of a chat.
        MembershipEnded = "membership_ended",
        /// A contact or a request came, was answered or went.
        ContactChanged = "contact_changed",
        /// The user blocks somebody, or no longer does.
        BlockChanged = "block_changed",
        /// The user or a contact has another name or picture.
        ProfileChanged = "profile_changed",
        /// A session of the user's was ended.
        SessionEnded = "session_ended",
        /// The user's settings changed, of one chat or of all.
        SettingsChanged = "settings_changed",
        /// The user has deleted messages of a chat for themselves, or cleared it.
        MessagesHidden = "messages_hidden",
    }
}
