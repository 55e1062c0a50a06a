SELECT hold_positions($1, $2)
