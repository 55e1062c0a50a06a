CREATE TABLE profiles (
    user_id user_id PRIMARY KEY REFERENCES users,
    bio text NOT NULL,
    greets_when user_status NOT NULL DEFAULT 'online'
);
