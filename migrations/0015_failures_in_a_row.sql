-- Counters that hold failures in a row are kept for a year, the others for days: each kind is purged by an index of its own.

DROP INDEX throttles_by_touch;
CREATE INDEX throttles_by_touch ON throttles (touched_at) WHERE consecutive = 0;
CREATE INDEX throttles_in_a_row_by_touch ON throttles (touched_at) WHERE consecutive > 0;
