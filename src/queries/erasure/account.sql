SELECT erased.others
FROM erase_account($1, $2) AS erased (others)
