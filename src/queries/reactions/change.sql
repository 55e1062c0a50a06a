SELECT
    reaction.outcome,
    reaction.current_version,
    reaction.emojis,
    reaction.counts
FROM change_reaction($1, $2, $3, $4, $5) AS reaction
