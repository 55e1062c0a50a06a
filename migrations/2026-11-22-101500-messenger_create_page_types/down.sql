DROP TYPE page_profile;
DROP TYPE page_reply;
DROP TYPE page_reaction;
DROP TYPE page_picture;
