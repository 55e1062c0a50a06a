//! Messages are found by their words, whatever their accents and endings, through the index.

use super::rows;

fn found(query: &str) -> String {
    rows::populated().value(&format!(
        "SELECT coalesce(string_agg(seq::text, ',' ORDER BY seq), '') FROM messages
         WHERE chat_id = '00000000-0000-7000-8000-0000000000e2'
             AND (SELECT search_finds(content, parts, excluded, literal) FROM search_query('{query}'))"
    ))
}

#[test]
fn accents_and_endings_do_not_matter() {
    assert_eq!(found("cafe"), "2");
    assert_eq!(found("Café"), "2");
    assert_eq!(found("meeting"), "2");
    assert_eq!(found("tea"), "");
}

#[test]
fn words_of_other_scripts_are_found_as_they_are() {
    let database = rows::populated();
    database.execute("UPDATE messages SET content = 'Встреча в горах 東京' WHERE seq = 2").unwrap();
    for word in ["встреча", "ГОРАХ", "東京"] {
        let count = database.value(&format!(
            "SELECT count(*) FROM messages
             WHERE (SELECT search_finds(content, parts, excluded, literal) FROM search_query('{word}'))"
        ));
        assert_eq!(count, "1", "{word}");
    }
}

#[test]
fn searching_one_chat_uses_the_search_index() {
    let database = rows::populated();
    database
        .execute(
            "INSERT INTO messages (chat_id, seq, sender_id, content)
             SELECT '00000000-0000-7000-8000-0000000000e2', seq, '00000000-0000-7000-8000-00000000000a', 'word' || seq
             FROM generate_series(5, 5000) AS seq;
             ANALYZE messages",
        )
        .unwrap();
    let plan = database.column(
        "EXPLAIN SELECT seq FROM messages
         WHERE chat_id = '00000000-0000-7000-8000-0000000000e2'
             AND chat_words(chat_id, search_words(search_text(content)))
                 @@ chat_query('00000000-0000-7000-8000-0000000000e2', (search_query('cafe')).pattern)",
    );
    let plan = plan.join("\n");
    assert!(plan.contains("Bitmap Index Scan on messages_chat_words_idx") && !plan.contains("Seq Scan"), "{plan}");
}

#[test]
fn the_index_is_restored_without_a_search_path() {
    let database = rows::populated();
    database.execute("SET search_path = ''; REINDEX INDEX public.messages_chat_words_idx").unwrap();
    database.execute("SET search_path = ''; REINDEX INDEX public.users_name_words_idx").unwrap();
}
