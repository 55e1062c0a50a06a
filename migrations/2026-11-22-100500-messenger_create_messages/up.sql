-- Purpose: messages, numbered 1, 2, 3 … in their chat, and what they said before they were edited.
-- Lock: SHARE ROW EXCLUSIVE on chat_heads and chat_participants, for the foreign keys, for a moment: the new
--   tables are empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the tables.
--
-- Messages point at chat_heads, which a send locks anyway, and at chat_participants, where the row is the sender's own. A
-- foreign key to chats or users would write, at every send, to rows that others use, too.

CREATE DOMAIN message_id AS uuid;

COMMENT ON DOMAIN message_id IS
    'The id that the client gives a message, a UUIDv7, so that sending it again finds the first. The key is (chat_id, seq).';

CREATE TABLE messages (
    chat_id chat_id NOT NULL,
    seq bigint NOT NULL,
    id message_id NOT NULL DEFAULT gen_random_uuid(),
    sender_id user_id,
    kind message_kind NOT NULL DEFAULT 'text',
    content text,
    metadata jsonb NOT NULL DEFAULT '{}',
    reply_to_seq bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    version bigint NOT NULL DEFAULT 0,
    CONSTRAINT messages_pkey PRIMARY KEY (chat_id, seq),
    CONSTRAINT messages_id_key UNIQUE (chat_id, id),
    CONSTRAINT messages_chat_fkey FOREIGN KEY (chat_id) REFERENCES chat_heads (chat_id) ON DELETE CASCADE,
    CONSTRAINT messages_sender_is_participant_fkey FOREIGN KEY (chat_id, sender_id)
        REFERENCES chat_participants (chat_id, user_id) ON DELETE NO ACTION,
    CONSTRAINT messages_reply_in_chat_fkey FOREIGN KEY (chat_id, reply_to_seq)
        REFERENCES messages (chat_id, seq) ON DELETE NO ACTION,
    CONSTRAINT messages_seq_check CHECK (seq >= 1),
    CONSTRAINT messages_version_check CHECK (version >= 0),
    CONSTRAINT messages_reply_to_earlier_check CHECK (reply_to_seq < seq),
    CONSTRAINT messages_sender_unless_system_check CHECK ((sender_id IS NULL) = (kind = 'system')),
    CONSTRAINT messages_content_check CHECK (octet_length(content) <= 40000),
    -- Most texts begin with a visible character. Only the others are searched for one.
    CONSTRAINT messages_text_has_content_check CHECK (
        (kind <> 'text' OR content IS NOT NULL OR deleted_at IS NOT NULL)
        AND ((ascii(content) BETWEEN 33 AND 126) OR NOT is_blank(content))
    ),
    CONSTRAINT messages_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT messages_metadata_size_check CHECK (metadata = '{}' OR is_bounded(metadata)),
    CONSTRAINT messages_times_check CHECK (
        least(created_at, edited_at, deleted_at) >= '0001-01-01 00:00:00+00'
        AND greatest(created_at, edited_at, deleted_at) <= '9999-12-31 23:59:59.999999+00'
    ),
    CONSTRAINT messages_deleted_is_empty_check CHECK (deleted_at IS NULL OR (content IS NULL AND metadata = '{}'))
);

CREATE INDEX messages_replies_idx ON messages (chat_id, reply_to_seq) WHERE reply_to_seq IS NOT NULL;

-- A message of the system has no sender.
CREATE INDEX messages_uncounted_idx ON messages (chat_id, seq) WHERE sender_id IS NULL OR deleted_at IS NOT NULL;

CREATE TABLE message_edits (
    chat_id chat_id NOT NULL,
    message_seq bigint NOT NULL,
    -- squawk-ignore prefer-bigint-over-int -- its CHECK ends it at 1,000
    version integer NOT NULL,
    content text,
    edited_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT message_edits_pkey PRIMARY KEY (chat_id, message_seq, version),
    CONSTRAINT message_edits_message_fkey FOREIGN KEY (chat_id, message_seq)
        REFERENCES messages (chat_id, seq) ON DELETE CASCADE,
    CONSTRAINT message_edits_version_check CHECK (version BETWEEN 1 AND 1000),
    CONSTRAINT message_edits_content_check CHECK (octet_length(content) <= 40000),
    CONSTRAINT message_edits_times_check CHECK (
        edited_at >= '0001-01-01 00:00:00+00' AND edited_at <= '9999-12-31 23:59:59.999999+00'
    )
);

COMMENT ON TABLE messages IS
    'What was said. seq counts 1, 2, 3 … in its chat, without gaps, and is the order of the chat; a deleted message keeps its place.';
COMMENT ON COLUMN messages.chat_id IS 'In which chat.';
COMMENT ON COLUMN messages.seq IS 'The message''s number in its chat, from 1, without gaps.';
COMMENT ON COLUMN messages.id IS
    'Chosen by the client and unique in the chat: sending the same id twice yields the first message again.';
COMMENT ON COLUMN messages.sender_id IS 'Who sent it, a participant of the chat. Null exactly for system messages.';
COMMENT ON COLUMN messages.kind IS 'What it is.';
COMMENT ON COLUMN messages.content IS
    'Its words, at most 10,000 characters as people count them, and 40,000 bytes; at least one of them is visible. A text has them until it is deleted; a picture may have them.';
COMMENT ON COLUMN messages.metadata IS 'A JSON object for the application: link previews, the facts of a system message; at most 16 KiB as text and 100 levels. An edit empties it.';
COMMENT ON COLUMN messages.reply_to_seq IS 'The seq of the earlier message of the same chat that it answers.';
COMMENT ON COLUMN messages.created_at IS 'When it was sent.';
COMMENT ON COLUMN messages.edited_at IS 'When it was last edited. Null: never.';
COMMENT ON COLUMN messages.deleted_at IS
    'When it was deleted. Content and metadata are removed then, and its edits, reactions and attachments in the same transaction.';
COMMENT ON COLUMN messages.version IS
    'The version of the chat at which the message was sent, last edited or deleted. Reactions leave it as it is. Not indexed: chat_changes finds what changed.';
COMMENT ON CONSTRAINT messages_sender_is_participant_fkey ON messages IS
    'Not indexed: a participant is deleted only with the chat, and one more index would slow every send.';
COMMENT ON CONSTRAINT messages_reply_in_chat_fkey ON messages IS 'A reply cannot leave its chat.';
COMMENT ON CONSTRAINT messages_deleted_is_empty_check ON messages IS 'A deleted message holds no content.';
COMMENT ON INDEX messages_replies_idx IS 'Used by: the foreign key of replies, and who answered a message.';
COMMENT ON INDEX messages_uncounted_idx IS
    'Used by: counting what is unread without the messages of the system and the deleted ones. A send writes no entry.';
COMMENT ON TABLE message_edits IS 'What a message said before each of its edits.';
COMMENT ON COLUMN message_edits.chat_id IS 'In which chat.';
COMMENT ON COLUMN message_edits.message_seq IS 'Which message.';
COMMENT ON COLUMN message_edits.version IS 'Which wording, from 1, the first, to 1,000; the newest is the message itself.';
COMMENT ON COLUMN message_edits.content IS 'What it said then. Null: a picture that had no words.';
COMMENT ON COLUMN message_edits.edited_at IS 'When that wording was replaced.';

CREATE FUNCTION message_preview(words text) RETURNS text
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    -- By Unicode's rules of grapheme clusters (UAX #29), GB3 to GB13. What belongs to the character before it: accents, signs
    -- of vowels and tones, selectors, joiners, tags, and the vowels and finals of Hangul.
    marks CONSTANT text :=
        E'\\u0300-\\u036F\\u0483-\\u0489\\u0591-\\u05BD\\u05BF\\u05C1-\\u05C2\\u05C4-\\u05C5\\u05C7\\u0610-\\u061A'
        '\\u064B-\\u065F\\u0670\\u06D6-\\u06DC\\u06DF-\\u06E4\\u06E7-\\u06E8\\u06EA-\\u06ED\\u0711\\u0730-\\u074A'
        '\\u07A6-\\u07B0\\u07EB-\\u07F3\\u07FD\\u0816-\\u0819\\u081B-\\u0823\\u0825-\\u0827\\u0829-\\u082D'
        '\\u0859-\\u085B\\u0897-\\u089F\\u08CA-\\u08E1\\u08E3-\\u0903\\u093A-\\u093C\\u093E-\\u094F'
        '\\u0951-\\u0957\\u0962-\\u0963\\u0981-\\u0983\\u09BC\\u09BE-\\u09CD\\u09D7\\u09E2-\\u09E3\\u09FE-\\u0A03'
        '\\u0A3C-\\u0A51\\u0A70-\\u0A71\\u0A75\\u0A81-\\u0A83\\u0ABC\\u0ABE-\\u0ACD\\u0AE2-\\u0AE3\\u0AFA-\\u0B03'
        '\\u0B3C\\u0B3E-\\u0B57\\u0B62-\\u0B63\\u0B82\\u0BBE-\\u0BCD\\u0BD7\\u0C00-\\u0C04\\u0C3C\\u0C3E-\\u0C56'
        '\\u0C62-\\u0C63\\u0C81-\\u0C83\\u0CBC\\u0CBE-\\u0CD6\\u0CE2-\\u0CE3\\u0CF3-\\u0D03\\u0D3B-\\u0D3C'
        '\\u0D3E-\\u0D4D\\u0D57\\u0D62-\\u0D63\\u0D81-\\u0D83\\u0DCA-\\u0DDF\\u0DF2-\\u0DF3\\u0E31\\u0E33-\\u0E3A'
        '\\u0E47-\\u0E4E\\u0EB1\\u0EB3-\\u0EBC\\u0EC8-\\u0ECE\\u0F18-\\u0F19\\u0F35\\u0F37\\u0F39\\u0F3E-\\u0F3F'
        '\\u0F71-\\u0F84\\u0F86-\\u0F87\\u0F8D-\\u0FBC\\u0FC6\\u102D-\\u1037\\u1039-\\u103E\\u1056-\\u1059'
        '\\u105E-\\u1060\\u1071-\\u1074\\u1082\\u1084-\\u1086\\u108D\\u109D\\u1160-\\u11FF\\u135D-\\u135F'
        '\\u1712-\\u1715\\u1732-\\u1734\\u1752-\\u1753\\u1772-\\u1773\\u17B4-\\u17D3\\u17DD\\u180B-\\u180D\\u180F'
        '\\u1885-\\u1886\\u18A9\\u1920-\\u193B\\u1A17-\\u1A1B\\u1A55-\\u1A60\\u1A62\\u1A65-\\u1A7F\\u1AB0-\\u1B04'
        '\\u1B34-\\u1B44\\u1B6B-\\u1B73\\u1B80-\\u1B82\\u1BA1-\\u1BAD\\u1BE6-\\u1BF3\\u1C24-\\u1C37'
        '\\u1CD0-\\u1CD2\\u1CD4-\\u1CE8\\u1CED\\u1CF4\\u1CF7-\\u1CF9\\u1DC0-\\u1DFF\\u200C-\\u200D\\u20D0-\\u20F0'
        '\\u2CEF-\\u2CF1\\u2D7F\\u2DE0-\\u2DFF\\u302A-\\u302F\\u3099-\\u309A\\uA66F-\\uA672\\uA674-\\uA67D'
        '\\uA69E-\\uA69F\\uA6F0-\\uA6F1\\uA802\\uA806\\uA80B\\uA823-\\uA827\\uA82C\\uA880-\\uA881\\uA8B4-\\uA8C5'
        '\\uA8E0-\\uA8F1\\uA8FF\\uA926-\\uA92D\\uA947-\\uA953\\uA980-\\uA983\\uA9B3-\\uA9C0\\uA9E5\\uAA29-\\uAA36'
        '\\uAA43\\uAA4C-\\uAA4D\\uAA7C\\uAAB0\\uAAB2-\\uAAB4\\uAAB7-\\uAAB8\\uAABE-\\uAABF\\uAAC1\\uAAEB-\\uAAEF'
        '\\uAAF5-\\uAAF6\\uABE3-\\uABEA\\uABEC-\\uABED\\uD7B0-\\uD7FB\\uFB1E\\uFE00-\\uFE0F\\uFE20-\\uFE2F'
        '\\uFF9E-\\uFF9F\\U000101FD\\U000102E0\\U00010376-\\U0001037A\\U00010A01-\\U00010A0F'
        '\\U00010A38-\\U00010A3F\\U00010AE5-\\U00010AE6\\U00010D24-\\U00010D27\\U00010D69-\\U00010D6D'
        '\\U00010EAB-\\U00010EAC\\U00010EFA-\\U00010EFF\\U00010F46-\\U00010F50\\U00010F82-\\U00010F85'
        '\\U00011000-\\U00011002\\U00011038-\\U00011046\\U00011070\\U00011073-\\U00011074\\U0001107F-\\U00011082'
        '\\U000110B0-\\U000110BA\\U000110C2\\U00011100-\\U00011102\\U00011127-\\U00011134\\U00011145-\\U00011146'
        '\\U00011173\\U00011180-\\U00011182\\U000111B3-\\U000111C0\\U000111C9-\\U000111CC\\U000111CE-\\U000111CF'
        '\\U0001122C-\\U00011237\\U0001123E\\U00011241\\U000112DF-\\U000112EA\\U00011300-\\U00011303'
        '\\U0001133B-\\U0001133C\\U0001133E-\\U0001134D\\U00011357\\U00011362-\\U00011374\\U000113B8-\\U000113D0'
        '\\U000113D2\\U000113E1-\\U000113E2\\U00011435-\\U00011446\\U0001145E\\U000114B0-\\U000114C3'
        '\\U000115AF-\\U000115C0\\U000115DC-\\U000115DD\\U00011630-\\U00011640\\U000116AB-\\U000116B7'
        '\\U0001171D-\\U0001171F\\U00011722-\\U0001172B\\U0001182C-\\U0001183A\\U00011930-\\U0001193E\\U00011940'
        '\\U00011942-\\U00011943\\U000119D1-\\U000119E0\\U000119E4\\U00011A01-\\U00011A0A\\U00011A33-\\U00011A39'
        '\\U00011A3B-\\U00011A3E\\U00011A47\\U00011A51-\\U00011A5B\\U00011A8A-\\U00011A99\\U00011B60-\\U00011B67'
        '\\U00011C2F-\\U00011C3F\\U00011C92-\\U00011CB6\\U00011D31-\\U00011D45\\U00011D47\\U00011D8A-\\U00011D97'
        '\\U00011EF3-\\U00011EF6\\U00011F00-\\U00011F01\\U00011F03\\U00011F34-\\U00011F42\\U00011F5A\\U00013440'
        '\\U00013447-\\U00013455\\U0001611E-\\U0001612F\\U00016AF0-\\U00016AF4\\U00016B30-\\U00016B36\\U00016D63'
        '\\U00016D67-\\U00016D6A\\U00016F4F\\U00016F51-\\U00016F92\\U00016FE4-\\U00016FF1\\U0001BC9D-\\U0001BC9E'
        '\\U0001CF00-\\U0001CF46\\U0001D165-\\U0001D169\\U0001D16D-\\U0001D172\\U0001D17B-\\U0001D182'
        '\\U0001D185-\\U0001D18B\\U0001D1AA-\\U0001D1AD\\U0001D242-\\U0001D244\\U0001DA00-\\U0001DA36'
        '\\U0001DA3B-\\U0001DA6C\\U0001DA75\\U0001DA84\\U0001DA9B-\\U0001DAAF\\U0001E000-\\U0001E02A\\U0001E08F'
        '\\U0001E130-\\U0001E136\\U0001E2AE\\U0001E2EC-\\U0001E2EF\\U0001E4EC-\\U0001E4EF\\U0001E5EE-\\U0001E5EF'
        '\\U0001E6E3\\U0001E6E6\\U0001E6EE-\\U0001E6EF\\U0001E6F5\\U0001E8D0-\\U0001E8D6\\U0001E944-\\U0001E94A'
        '\\U0001F3FB-\\U0001F3FF\\U000E0020-\\U000E01EF';
    -- Of those, what joins consonants to a conjunct.
    linkers CONSTANT text :=
        E'\\u094D\\u09CD\\u0ACD\\u0B4D\\u0C4D\\u0D4D\\u1039\\u17D2\\u1A60\\u1B44\\u1BAB\\uA9C0\\uAAF6\\U00010A3F'
        '\\U00011133\\U000113D0\\U0001193E\\U00011A47\\U00011A99\\U00011F42';
    -- The scripts that have conjuncts.
    conjoined CONSTANT text := E'\\u0900-\\u0D7F\\u1000-\\u109F\\u1780-\\u17FF\\u1A20-\\u1AAF\\u1B00-\\u1BBF\\uA980-\\uA9FF\\uAA60-\\uAAFF\\U00010A00-\\U00011FFF';
    -- What the zero-width joiner joins to the sign before it.
    signs CONSTANT text := E'\\u00A9\\u00AE\\u203C-\\u3299\\U0001F000-\\U0001FAFF';
    -- What belongs to the character after it: prepended signs, and the initials of Hangul.
    initials CONSTANT text :=
        E'\\u0600-\\u0605\\u06DD\\u070F\\u0890-\\u0891\\u08E2\\u0D4E\\u1100-\\u115F\\uA960-\\uA97C\\U000110BD'
        '\\U000110CD\\U000111C2-\\U000111C3\\U000113D1\\U0001193F\\U00011941\\U00011A84-\\U00011A89\\U00011D46'
        '\\U00011F02';
    flag CONSTANT text := E'\\U0001F1E6-\\U0001F1FF';
    parts text [];
    reach integer;
BEGIN
    -- One line, which begins with what is seen: of more than one blank, or a line break, one space is left.
    IF left(words, 300) ~ E'^[\\u0001-\\u0020\\u007F-\\u00A0\\u00AD\\u034F\\u061C\\u115F\\u1160\\u1680\\u17B4\\u17B5\\u180B-\\u180F\\u2000-\\u200F\\u2028-\\u202F\\u205F-\\u206F\\u2800\\u3000\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\U00013430-\\U0001343F\\U00013441\\U00013442\\U00016FE4\\U0001BCA0-\\U0001BCA3\\U0001D159\\U0001D173-\\U0001D17A\\U000E0000-\\U000E0FFF]|[\\u0020\\u00A0\\u1680\\u2000-\\u200B\\u202F\\u205F\\u3000]{2}|[\\u0009-\\u000D\\u0085\\u2028\\u2029]' THEN
        words := regexp_replace(words, E'^[\\u0001-\\u0020\\u007F-\\u00A0\\u00AD\\u034F\\u061C\\u115F\\u1160\\u1680\\u17B4\\u17B5\\u180B-\\u180F\\u2000-\\u200F\\u2028-\\u202F\\u205F-\\u206F\\u2800\\u3000\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\U00013430-\\U0001343F\\U00013441\\U00013442\\U00016FE4\\U0001BCA0-\\U0001BCA3\\U0001D159\\U0001D173-\\U0001D17A\\U000E0000-\\U000E0FFF]+', '');
        words := regexp_replace(
            left(words, 2000),
            E'[\\u0009-\\u000D\\u0020\\u0085\\u00A0\\u1680\\u2000-\\u200B\\u2028\\u2029\\u202F\\u205F\\u3000]{2,}|[\\u0009-\\u000D\\u0085\\u2028\\u2029]',
            ' ',
            'g'
        );
    END IF;

    IF char_length(words) <= 100
        OR octet_length(left(words, 101)) = 101
        OR left(words, 101) !~ ('[' || marks || initials || flag || ']')
    THEN
        RETURN left(words, 100);
    END IF;

    -- Two code points for each character are usually enough, also in scripts with many marks. Only if not, more is read; one more
    -- each time, which tells whether the character before it ends there.
    FOREACH reach IN ARRAY ARRAY[200, 300] LOOP
        parts := ARRAY(
            SELECT matched[1]
            FROM regexp_matches(
                left(words, reach + 1),
                E'(?:\\r\\n|[' || flag || ']{2}|[' || initials || ']*.)[' || marks || ']*(?:(?:[' || linkers || '][' || marks || ']*['
                || conjoined || E']|\\u200D[' || signs || '])[' || marks || ']*)*',
                'g'
            ) AS matched
        );
        EXIT WHEN cardinality(parts) > 100;
    END LOOP;

    -- The last character that was read may be cut off by the limit.
    RETURN coalesce(
        nullif(array_to_string(parts[1:least(100, cardinality(parts) - (reach < char_length(words))::integer)], ''), ''),
        left(words, 100)
    );
END
$$;

COMMENT ON FUNCTION message_preview(text) IS
    'The first 100 characters of a message as people see them, within 300 code points; none of them is cut, but one that alone has more than 300. In one line: blanks at the beginning are left out, and several of them, or a line break, are one space.';
