/* Reading CGI variables, which CGI has in the process's environment and FastCGI in each request. */
#ifndef CGI_ENV_H
#define CGI_ENV_H

/*
 * The value of a variable; NULL if it is absent or empty, because web servers pass both for "none".  If a name comes more
 * than once, the first one decides.  env ends with NULL.
 */
const char	*cgi_env(char *const *env, const char *name);

#endif
