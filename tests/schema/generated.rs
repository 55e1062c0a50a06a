//! `src/schema.rs` is what the migrations say. That it is what `diesel print-schema` prints is the Diesel CLI's
//! own check, `make check-schema`; here each generated table is held against the server in another way: Diesel
//! reads it.

use diesel::prelude::*;
use messenger_db::models::{
    Attachment, Block, Chat, ChatChange, ChatHead, ChatParticipant, ChatSettings, Contact, DeclinedRequest, Message,
    MessageDelivery, MessageEdit, MessageMention, MessageReaction, PushTokenRow, UnreadMessages, UnusedFile, Upload,
    User, UserChange, UserHead, UserSession,
};
use messenger_db::schema;

use super::rows;

macro_rules! every_row_of {
    ($($table:ident as $model:ty),+ $(,)?) => {
        #[test]
        fn every_row_of_every_table_is_read_into_its_model() {
            let database = rows::populated();
            let mut connection = database.diesel();
            let mut read = Vec::new();
            $(
                let rows = schema::$table::table.select(<$model>::as_select()).load(&mut connection).unwrap();
                assert!(!rows.is_empty(), stringify!($table));
                read.push(stringify!($table).to_owned());
            )+
            read.sort();
            let tables = database.column(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                 AND relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger') ORDER BY relname",
            );
            assert_eq!(read, tables, "every table has a model");
        }
    };
}

every_row_of! {
    attachments as Attachment,
    blocks as Block,
    chat_changes as ChatChange,
    chat_heads as ChatHead,
    chat_participants as ChatParticipant,
    chat_settings as ChatSettings,
    chats as Chat,
    contacts as Contact,
    declined_requests as DeclinedRequest,
    message_delivery as MessageDelivery,
    message_edits as MessageEdit,
    message_mentions as MessageMention,
    message_reactions as MessageReaction,
    messages as Message,
    push_tokens as PushTokenRow,
    unread_messages as UnreadMessages,
    unused_files as UnusedFile,
    uploads as Upload,
    user_changes as UserChange,
    user_heads as UserHead,
    user_sessions as UserSession,
    users as User,
}
