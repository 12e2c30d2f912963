/* Becoming daybook-idle (see idle.h). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "http/idle.h"

enum {
	START_MS = 2000,	/* of a program that was just started: its first request often comes at once */
	USUAL_SECONDS = 300,
	SECONDS_MAX = 86400,
};

int
idle_after_ms(bool has_answered)
{
	const char *text = getenv("DAYBOOK_IDLE_SECONDS");
	long seconds = text != NULL && text[0] != '\0' ? strtol(text, NULL, 10) : USUAL_SECONDS;

	if (seconds <= 0)
		return -1;
	if (seconds > SECONDS_MAX)
		seconds = SECONDS_MAX;
	return has_answered || seconds * 1000 < START_MS ? (int)seconds * 1000 : START_MS;
}

bool
idle_has_ended(void)
{
	return getenv("DAYBOOK_AWAKE") != NULL;
}

void
idle_begin(void)
{
	static char program[PATH_MAX], idle[CONF_PATH_MAX + 16];
	char *arguments[] = { program, NULL };	/* what ps shows */
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = '\0';
	conf_folder(idle);
	snprintf(idle + strlen(idle), sizeof(idle) - strlen(idle), "/daybook-idle");
	/* Never if the program could not be started again: its file may have been removed, or replaced under another name. */
	if (access(program, X_OK) == 0)
		execv(idle, arguments);
}
