-- Services that are to be told that a session has ended (OpenID Connect Back-Channel Logout 1.0).
CREATE TABLE logouts (
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    state TEXT NOT NULL,
    settled_at BIGINT,
    last_error TEXT,
    PRIMARY KEY (session_id, client_id)
);
CREATE INDEX logouts_by_state ON logouts (state, due_at);
CREATE INDEX logouts_by_settling ON logouts (settled_at);
