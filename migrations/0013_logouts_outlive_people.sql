-- Word that a session has ended goes out although its person has been erased meanwhile.
CREATE TABLE words_of_logout (
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    state TEXT NOT NULL,
    settled_at BIGINT,
    last_error TEXT,
    PRIMARY KEY (session_id, client_id)
);
INSERT INTO words_of_logout (session_id, client_id, subject, due_at, attempts, state, settled_at, last_error)
    SELECT l.session_id, l.client_id, u.subject, l.due_at, l.attempts, l.state, l.settled_at, l.last_error
    FROM logouts l JOIN users u ON u.id = l.user_id;
DROP TABLE logouts;
ALTER TABLE words_of_logout RENAME TO logouts;
CREATE INDEX logouts_by_state ON logouts (state, due_at);
CREATE INDEX logouts_by_settling ON logouts (settled_at);
