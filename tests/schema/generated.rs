//! `src/schema.rs` is what the migrations say. That it is what `diesel print-schema` prints is the Diesel CLI's
//! own check, `make check-schema`; here each generated table is held against the server in another way: Diesel
//! reads it.

use std::fs;

use diesel::prelude::*;
use messenger_db::models::{
    Attachment, Block, Chat, ChatChange, ChatHead, ChatParticipant, ChatSettings, Contact, DeclinedRequest, Message,
    MessageDelivery, MessageEdit, MessageMention, MessageReaction, PushTokenRow, UnreadMessages, UnusedFile, Upload,
    User, UserChange, UserHead, UserSession,
};
use messenger_db::schema;

use super::rows;

/// The tables that have a model in `src/models` which is read: the file of each says which.
fn with_a_model() -> Vec<String> {
    let mut tables = Vec::new();
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/models")).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        for model in source.split("#[derive(").skip(1) {
            let (derives, rest) = model.split_once(")]").unwrap();
            if let Some((_, table)) = rest.split_once("table_name = ").filter(|_| derives.contains("Selectable")) {
                tables.push(table.split([',', ')']).next().unwrap().to_owned());
            }
        }
    }
    tables.sort();
    tables
}

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
            assert_eq!(read, with_a_model(), "every model is read here");
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
