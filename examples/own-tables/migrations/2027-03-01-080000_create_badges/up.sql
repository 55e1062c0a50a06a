CREATE TABLE badges (
    user_id user_id NOT NULL REFERENCES profiles,
    name text NOT NULL,
    PRIMARY KEY (user_id, name)
);
