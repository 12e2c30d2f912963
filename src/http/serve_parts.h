/* The two transports of serve.c, and what they tell it for the case that memory runs out. */
#ifndef SERVE_PARTS_H
#define SERVE_PARTS_H

#include "http/worker.h"
#include "http/body.h"

/* How the last reply of the process is sent, if memory runs out while a request is being answered. */
enum serve_state { SERVE_NO_REQUEST, SERVE_CGI, SERVE_CGI_ANSWERED, SERVE_FASTCGI };

void	serve_set_state(enum serve_state state);

/* OK if the body is whole, and as long as its Content-Length says, if there is one; otherwise what is wrong with it. */
enum status	serve_body_status(const struct body *b, char **env);

/* Whether the program was started by plain CGI; false if memory ran out, and it is not known. */
bool	serve_fastcgi_init(bool *is_cgi);

/* Each returns the exit code for main. */
int	serve_cgi(struct worker *w);
int	serve_fastcgi(struct worker *w);

/* Send the reply that out of memory leaves. */
void	serve_cgi_last(const struct worker_reply *reply);
void	serve_fastcgi_last(const struct worker_reply *reply);

#endif
