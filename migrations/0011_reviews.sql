-- Lists of an organisation's people for somebody who knows them to look through.
CREATE TABLE reviews (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    sponsor_id TEXT REFERENCES users (id) ON DELETE SET NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    reminded_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX reviews_by_age ON reviews (created_at, id);
CREATE INDEX reviews_by_sponsor ON reviews (sponsor_id, state);
-- Nobody is asked the same thing twice at once.
CREATE UNIQUE INDEX reviews_once ON reviews (organisation, sponsor_id) WHERE state = 'open';
CREATE INDEX reviews_by_state ON reviews (state, due_at);

-- Who is on a list, and what was said of them: NULL, 'confirmed' or 'struck'.
CREATE TABLE review_entries (
    review_id TEXT NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    answer TEXT,
    answered_at BIGINT,
    PRIMARY KEY (review_id, user_id)
);
CREATE INDEX review_entries_by_answer ON review_entries (review_id, answer);
CREATE INDEX review_entries_by_user ON review_entries (user_id);

CREATE INDEX users_by_organisation ON users (organisation, id);
CREATE INDEX users_by_end ON users (disabled_at);
