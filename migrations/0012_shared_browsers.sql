-- Several people log in at one browser, of a school or of a family: each of them is known there.
CREATE TABLE known_browsers (
    digest TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (digest, user_id)
);
INSERT INTO known_browsers (digest, user_id, created_at, last_used_at, expires_at)
    SELECT digest, user_id, created_at, last_used_at, expires_at FROM devices;
DROP TABLE devices;
ALTER TABLE known_browsers RENAME TO devices;
CREATE INDEX devices_by_user ON devices (user_id);
CREATE INDEX devices_by_expiry ON devices (expires_at);
