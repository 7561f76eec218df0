-- What administrators have set in the place of the configuration file, as one JSON object in one row.
CREATE TABLE settings (
    document   TEXT NOT NULL,
    updated_at BIGINT NOT NULL PRIMARY KEY
);
INSERT INTO settings (document, updated_at) VALUES ('{}', 0);
