-- The order of the audit trail: each row's hash covers the row before it, and signed heads say how far it had come.
CREATE TABLE trail (
    seq BIGINT PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL
);

CREATE TABLE trail_heads (
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    signed TEXT NOT NULL,
    PRIMARY KEY (seq, kind)
);

-- With what the personal fields of somebody's events are sealed: without it nobody can read them any more.
CREATE TABLE person_keys (
    user_id TEXT PRIMARY KEY,
    sealed TEXT NOT NULL
);
