/*
 * Maintenance: what is done, and who does it if several processes think of it at once (see maintenance.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/backup.h"
#include "auth/api_key.h"
#include "ledger/failed_contact.h"
#include "admin/inspect.h"
#include "ledger/job_turn.h"
#include "time/instant.h"
#include "base/log.h"
#include "store/setting.h"
#include "admin/maintenance.h"
#include "admin/zone_rules.h"

enum {
	TURN_MS = 1000,		/* the longest that blanking may delay the next request */
	JOB_RETRY_MS = 5000	/* no turn of a job in this process after one that failed */
};

struct expiry {
	struct db *db;
	int64_t now;
};

static enum status
expire(void *arg)
{
	struct expiry *e = arg;

	return failed_contact_expire(e->db, e->now);
}

/*
 * Blanks expired contacts for at most TURN_MS; returns whether some are left.  Works in short transactions, so that other
 * writers get the lock in between, and gives up if the lock is busy: a later run goes on.
 */
static bool
blank_failures(struct db *db, int64_t now)
{
	int64_t until = instant_monotonic() + TURN_MS;
	struct expiry e = { db, now };
	bool is_due;

	while (failed_contact_is_due(db, now, &is_due) == OK && is_due) {
		if (instant_monotonic() > until)
			return true;
		if (db_write_try(db, expire, &e) != OK)
			return false;
	}
	return false;
}

/* Logs what the system call that just failed says of a file; reads errno first, because log_value might change it. */
static void
log_failure(const char *path)
{
	char text[ERROR_TEXT_MAX * 2];
	int error = errno;

	log_error("event=backup file=%s error=\"%s\"", log_value(path, text, sizeof(text)), strerror(error));
}

/* The number of backups to keep if one is due; 0 if none is due or wanted. */
static int
backups_due(struct db *db, struct arena *a, int64_t now)
{
	const char *text;
	int64_t last_at;
	int keep;

	if (setting_get(db, a, "backup_keep", &text) != OK || (keep = atoi(text)) == 0 ||
	    setting_get(db, a, "backup_at", &text) != OK)
		return 0;
	last_at = strtoll(text, NULL, 10);
	return now < last_at || now - last_at >= DAY_MS ? keep : 0;	/* a time in the future: the clock was wrong */
}

/*
 * Locks the backup folder, so that only one process makes a backup, and tries only once an hour even if it fails: the lock
 * file holds the time of the last try.  The lock ends when the descriptor is closed. -1 if another process has the lock, if
 * the last try is too recent, or on an error.
 */
static int
lock_folder(const char *folder, struct arena *a, int64_t now)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const char *path = arena_printf(a, "%s/.lock", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), n;
	char text[24] = "";
	int64_t tried_at;

	if (fd == -1) {
		log_failure(path);
		return -1;
	}
	if (fcntl(fd, F_SETLK, &lock) == 0 && pread(fd, text, sizeof(text) - 1, 0) >= 0) {
		tried_at = strtoll(text, NULL, 10);
		n = snprintf(text, sizeof(text), "%020lld\n", (long long)now);
		if ((now < tried_at || now - tried_at >= MAINTENANCE_EVERY_MS) && pwrite(fd, text, (size_t)n, 0) == n)
			return fd;
	}
	close(fd);
	return -1;
}

/*
 * Makes the backup and records its time.  Logs a backup whose time could not be recorded, but does not fail: it is good, and
 * the worst that follows is one backup too many.
 */
static enum status
make_backup(struct db *db, struct arena *a, const char *folder, int keep, int64_t now, struct error *err)
{
	char text[ERROR_TEXT_MAX];
	enum status st;
	const char *made;
	int removed;

	st = backup_rotate(db, a, folder, keep, now, NULL, &made, &removed, err);
	if (made == NULL)
		return st;
	log_info("event=backup file=%s removed=%d", log_value(made, text, sizeof(text)), removed);
	if (backup_record(db, a, now, err) != OK)
		log_error("event=backup error=\"the backup was made, but its time could not be recorded\"");
	return st;
}

/*
 * Whether the database may be backed up.  One that was put there by hand is inspected first, because the copies of a bad one
 * would push the good backups out.
 */
static bool
is_sound(struct db *db)
{
	char text[ERROR_TEXT_MAX * 2], fix[ERROR_TEXT_MAX * 2];
	struct error err = { 0 };

	if (db_is_accepted(db) || inspect_and_accept(db, &err) == OK)
		return true;
	log_error("event=inspect error=%s fix=%s", log_value(err.text, text, sizeof(text)), log_value(err.hint, fix, sizeof(fix)));
	return false;
}

/*
 * Makes the daily backup if it is due.  Asks whether it is due before and after taking the lock: before, so that most runs
 * cost one look at two settings; after, because another process may have made it meanwhile.
 */
static void
back_up(struct db *db, struct arena *a, int64_t now)
{
	const char *folder = arena_printf(a, "%s-backups", db_path(db));
	char text[ERROR_TEXT_MAX * 2];
	struct error err = { 0 };
	int fd, keep;

	if (backups_due(db, a, now) == 0)
		return;
	if (mkdir(folder, 0700) == -1 && errno != EEXIST) {
		log_failure(folder);
		return;
	}
	if ((fd = lock_folder(folder, a, now)) == -1)
		return;
	/* Another process may have made it before we had the lock. */
	if ((keep = backups_due(db, a, now)) > 0 && is_sound(db) && make_backup(db, a, folder, keep, now, &err) != OK)
		log_error("event=backup error=%s", log_value(err.text, text, sizeof(text)));
	close(fd);
}

struct key_use {
	struct db *db;
	int64_t api_key, now;
};

static enum status
note_use(void *arg)
{
	struct key_use *use = arg;

	return api_key_note_use(use->db, use->api_key, use->now);
}

bool
maintenance_note_use(struct db *db, int64_t api_key, int64_t now)
{
	return db_write_try(db, note_use, &(struct key_use) { db, api_key, now }) == OK;
}

/* Logs what new rules of a zone did to an organization. */
static void
log_new_rules(const struct organization *org, enum day_spans_state state, const struct error *err, void *arg)
{
	char text[2 * ERROR_TEXT_MAX];

	(void)arg;
	if (state != DAY_SPANS_DIFFER)
		log_error("event=zone org=%s error=%s", org->id, log_value(err->text, text, sizeof(text)));
	else
		log_info("event=zone org=%s zone=%s tzdata=%s text=\"its coming days follow the new rules of its zone\"", org->id,
		    org->timezone, zone_tzdata_version());
}

bool
maintenance_is_due(struct db *db, struct arena *a, int64_t now)
{
	bool is_due;

	return (failed_contact_is_due(db, now, &is_due) == OK && is_due) || backups_due(db, a, now) > 0 ||
	    zone_rules_are_due(db, a);
}

bool
maintenance(struct db *db, struct arena *a, int64_t now)
{
	bool has_more = blank_failures(db, now), has_zones;

	/* Busy is no failure: a later run goes on. */
	if (zone_rules_apply(db, a, now, false, log_new_rules, NULL, &has_zones) != OK && db_trouble(db) != DB_BUSY)
		log_error("event=zone error=\"%s\"", db_trouble_text(db_trouble(db)));
	back_up(db, a, now);
	return has_more || has_zones;
}

struct failed_turn {
	struct db *db;
	const char *org;
};

static enum status
postpone(void *arg)
{
	struct failed_turn *f = arg;

	return job_postpone(f->db, f->org, instant_now());
}

/* A job that fails would fail again at once: lets the others go first, and this process pause. */
static void
note_failure(struct db *db, const char *org, const struct error *err)
{
	struct failed_turn f = { db, org };
	char text[ERROR_TEXT_MAX * 2];

	log_error("event=job org=%s error=%s", org,
	    log_value(err->text[0] != '\0' ? err->text : db_trouble_text(db_trouble(db)), text, sizeof(text)));
	if (db_write_try(db, postpone, &f) != OK)
		log_error("event=job org=%s error=\"cannot be postponed\"", org);
}

void
maintenance_turn(struct db *db, struct arena *a)
{
	static int64_t retry_at;	/* by the monotonic clock */
	int64_t now = instant_now();
	struct error err = { 0 };
	const char *org = NULL;
	bool has_more;
	enum status st;

	if (instant_monotonic() < retry_at || db_read_begin(db) != OK)
		return;
	st = job_waiting(db, a, now, &org);
	db_read_end(db);
	if (st != OK || org == NULL || job_turn(db, a, org, now, &has_more, &err) == OK)
		return;
	retry_at = instant_monotonic() + JOB_RETRY_MS;
	if (db_trouble(db) != DB_BUSY)	/* then another process has its turn */
		note_failure(db, org, &err);
}
