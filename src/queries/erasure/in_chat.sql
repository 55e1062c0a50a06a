SELECT
    erased.through_seq,
    erased.erased_messages,
    erased.erased_others,
    erased.next_version
FROM erase_in_chat($1, $2, $3) AS erased
