-- Who looks after the provider, and how people come to have an account.
CREATE TABLE administrators (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The services of an administrator who looks after some only.
CREATE TABLE service_administrators (
    user_id TEXT NOT NULL REFERENCES administrators (user_id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, client_id)
);
CREATE INDEX service_administrators_by_client ON service_administrators (client_id);

-- Links by which people choose their first password. One of them is good: a new one takes the place of the last.
CREATE TABLE invitations (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    digest TEXT NOT NULL UNIQUE,
    client_id TEXT REFERENCES clients (id) ON DELETE SET NULL,
    inviter TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    withdrawn_at BIGINT
);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

-- When an administrator asked somebody to choose a new password; NULL once they have.
ALTER TABLE users ADD COLUMN new_password_asked_at BIGINT;
CREATE INDEX users_by_name ON users (name, id);
CREATE INDEX users_by_last_login ON users (last_login_at, id);
CREATE INDEX clients_by_name ON clients (name, id);
CREATE INDEX sessions_by_last_use ON sessions (last_used_at, id);

-- Who did it, where that is not the person that it was done to; and what there is to say beside the other columns.
ALTER TABLE events ADD COLUMN actor TEXT;
ALTER TABLE events ADD COLUMN detail TEXT;
CREATE INDEX events_by_client ON events (client_id, at);
CREATE INDEX events_by_kind ON events (kind, at);

-- The words by which people and services are found, folded to a to z and 0 to 9 so that every database sorts them
-- alike.
CREATE TABLE words (
    kind TEXT NOT NULL,
    word TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (kind, word, id)
);
CREATE INDEX words_by_id ON words (kind, id, word);

-- One-time links for whoever sets the provider up.
CREATE TABLE setup_links (
    digest TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- Requests of programs that may come twice, with the answer to the first, sealed.
CREATE TABLE idempotency_keys (
    digest TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    sealed TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX setup_links_by_expiry ON setup_links (expires_at);

-- Files that somebody has sent and has yet to say yes to, sealed.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX uploads_by_age ON uploads (created_at);
