/*
 * Log lines: logfmt, one write(2) each, to stderr, which the web server keeps.
 * Never a token, a secret or a phone number.
 */
#ifndef LOG_H
#define LOG_H

/* The request id that every later line of this process carries; "" = none. */
void	log_request(const char *request_id);

/* `level=info request_id=… ` and what fmt says, which is logfmt itself: `event=… path="…"`. */
void	log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * text as a logfmt value into out (size bytes): quoted where it must be, control characters
 * escaped, cut where it does not fit.  Returns out.
 */
const char	*log_value(const char *text, char *out, unsigned long size);

#endif
