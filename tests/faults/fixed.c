/*
 * What makes two runs of the same request alike, to the byte: the second part of the preloaded library of shim.c.
 *
 *	FAULTS_CLOCK	the time of day, in milliseconds of UTC: it does not move.  The monotonic clock moves on by STEP_US each
 *			time it is read, so that what is done in turns has the same turns each time.
 *	FAULTS_SEED	random numbers come from this
 *	FAULTS_NETWORK	set: every file is on NFS, as far as statfs() says, so that a new database has no WAL
 *
 * Sleeping takes no time: there is no other process to wait for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { NFS = 0x6969, STEP_US = 100 };

static const char *clock_text, *network;
static uint64_t random_state;

static void __attribute__((constructor))
start(void)
{
	const char *seed = getenv("FAULTS_SEED");

	clock_text = getenv("FAULTS_CLOCK");
	network = getenv("FAULTS_NETWORK");
	random_state = seed != NULL ? strtoull(seed, NULL, 10) : 0;
}

/* ---- Random numbers */

ssize_t
getrandom(void *out, size_t n, unsigned flags)
{
	(void)flags;
	for (size_t i = 0; i < n; i++) {	/* splitmix64 */
		uint64_t z = random_state += 0x9e3779b97f4a7c15;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
		((uint8_t *)out)[i] = (uint8_t)(z >> 24);
	}
	return (ssize_t)n;
}

int
getentropy(void *out, size_t n)
{
	return getrandom(out, n, 0) >= 0 ? 0 : -1;
}

/* ---- Time */

int
clock_gettime(clockid_t id, struct timespec *t)
{
	static long long us;
	long long ms;

	if (clock_text != NULL && id == CLOCK_MONOTONIC) {
		us += STEP_US;
		*t = (struct timespec) { (time_t)(1000 + us / 1000000), (long)(us % 1000000 * 1000) };
		return 0;
	}
	if (clock_text == NULL || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return (int)syscall(SYS_clock_gettime, id, t);
	ms = atoll(clock_text);
	*t = (struct timespec) { (time_t)(ms / 1000), (long)(ms % 1000 * 1000000) };
	return 0;
}

int
gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*t = (struct timeval) { now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
usleep(useconds_t us)
{
	(void)us;
	return 0;
}

int
nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)t;
	(void)left;
	return 0;
}

/* ---- The filesystem */

int
statfs(const char *path, struct statfs *fs)
{
	int rc = (int)syscall(SYS_statfs, path, fs);

	if (rc == 0 && network != NULL)
		fs->f_type = NFS;
	return rc;
}
