/*
 * The life of a program: FastCGI or plain CGI, one request after the other.  The same binary does both; libfcgi tells which.
 * The only file that knows libfcgi.
 */
#ifndef SERVE_H
#define SERVE_H

#include "http/req.h"

/* Serves until told to stop (TERM, USR1), or one request as CGI.  Returns the exit code for main. */
int	serve(const struct endpoint *endpoint);

#endif
