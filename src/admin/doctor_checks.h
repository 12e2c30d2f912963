/* The doctor's checks.  For doctor*.c only.  A check that cannot find out returns without writing a text. */
#ifndef DOCTOR_CHECKS_H
#define DOCTOR_CHECKS_H

#include "admin/doctor.h"

/*
 * Fill in the result: that all is fine; what is wrong, in words for the operator and (open_text) for the public; what to do
 * about it.
 */
void	doctor_fine(struct check_result *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	doctor_found(struct check_result *f, enum doctor_level level, const char *open_text, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));
void	doctor_fix(struct check_result *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- doctor_files.c: the database as files */
void	doctor_owner(const struct doctor_context *p, struct check_result *f);
void	doctor_rights(const struct doctor_context *p, struct check_result *f);
void	doctor_location(const struct doctor_context *p, struct check_result *f);
void	doctor_filesystem(const struct doctor_context *p, struct check_result *f);
void	doctor_locks(const struct doctor_context *p, struct check_result *f);
void	doctor_space(const struct doctor_context *p, struct check_result *f);
void	doctor_setup_code(const struct doctor_context *p, struct check_result *f);

/* ---- doctor_data.c: what is in the database, and what it depends on */
void	doctor_sqlite(const struct doctor_context *p, struct check_result *f);
void	doctor_backup(const struct doctor_context *p, struct check_result *f);
void	doctor_organizations(const struct doctor_context *p, struct check_result *f);
void	doctor_credentials(const struct doctor_context *p, struct check_result *f);
void	doctor_key_sources(const struct doctor_context *p, struct check_result *f);
void	doctor_settings(const struct doctor_context *p, struct check_result *f);

/* ---- doctor_zones.c: the machine's time zones, and the days of organizations that were made of them */
void	doctor_timezones(const struct doctor_context *p, struct check_result *f);
void	doctor_days(const struct doctor_context *p, struct check_result *f);

#endif
