/* doctor_data.c: which versions of SQLite have the WAL-reset fault. */
#include "admin/doctor.h"
#include "table.h"

static const struct version_row {
	const char *name;	/* the version */
	bool has_fault;
} versions[] = {
	{ "3.6.23", false }, { "3.7.0", true }, { "3.40.1", true }, { "3.44.5", true }, { "3.44.6", false }, { "3.45.0", true },
	{ "3.46.1", true }, { "3.50.4", true }, { "3.50.6", true }, { "3.50.7", false }, { "3.50.10", false }, { "3.51.0", true },
	{ "3.51.2", true }, { "3.51.3", false }, { "3.51.10", false }, { "3.52.0", false }, { "3.100.0", false }, { "4.0.0", false },
	{ "unknown", true },
};

static void
fault_is(void **state)
{
	const struct version_row *row = *state;

	assert_int_equal(doctor_has_wal_fault(row->name), row->has_fault);
}

int
main(void)
{
	TABLE(versions, fault_is);
	return TABLE_RUN("doctor");
}
