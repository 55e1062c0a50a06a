SELECT register_push_token($1, $2, $3, $4, $5, $6)
