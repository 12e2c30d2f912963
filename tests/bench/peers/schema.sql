-- The tables of the peers that write, for PostgreSQL and SQLite alike (tests/bench/peers.py turns BIGSERIAL into what SQLite has).
-- They keep less than Daybook: no costs, prices or quarter-hours, no index of events by time, no conflicts of an id.
CREATE TABLE organization (key BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE, timezone TEXT NOT NULL, daily_limit BIGINT NOT NULL);
CREATE TABLE event (org BIGINT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, occurred_at BIGINT NOT NULL, day INT NOT NULL,
	channel TEXT NOT NULL, messages INT NOT NULL, parts INT NOT NULL, PRIMARY KEY (org, source, id));
CREATE TABLE usage_day (org BIGINT NOT NULL, day INT NOT NULL, channel TEXT NOT NULL, messages BIGINT NOT NULL, parts BIGINT NOT NULL,
	PRIMARY KEY (org, day, channel));
CREATE TABLE day (org BIGINT NOT NULL, day INT NOT NULL, reserved BIGINT NOT NULL, PRIMARY KEY (org, day));
CREATE TABLE campaign (key BIGSERIAL PRIMARY KEY, org BIGINT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL,
	UNIQUE (org, id));
CREATE TABLE segment (campaign BIGINT NOT NULL REFERENCES campaign, number INT NOT NULL, org BIGINT NOT NULL, scheduled_at BIGINT NOT NULL,
	day INT NOT NULL, contacts BIGINT NOT NULL, status TEXT NOT NULL, PRIMARY KEY (campaign, number));
INSERT INTO organization VALUES (1, 'acme', 'America/Toronto', 1000000000);
