/*
 * Log lines: logfmt, each one a single write(2) to stderr, which the web server keeps.  Never a
 * token, a secret or a phone number.
 */
#ifndef LOG_H
#define LOG_H

/* Sets the request id that every later line of this process contains; "" = none.  Forgets the caller. */
void	log_request(const char *request_id);

/* Sets who is asking, for every later line of the request: the credential, and the person or program it names ("" = none). */
void	log_caller(const char *credential, const char *actor);

/* Writes `level=info request_id=… ` and then the formatted text, which is logfmt itself: `event=… path="…"`. */
void	log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Writes text as a logfmt value into out (size bytes): quoted if necessary, control characters
 * escaped, cut if it does not fit.  Returns out.
 */
const char	*log_value(const char *text, char *out, unsigned long size);

#endif
