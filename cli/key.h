/* The parts of `daybook key`. */
#ifndef CLI_KEY_H
#define CLI_KEY_H

#include "cli.h"
#include "auth/signing_key.h"

/* key_add.c: key add */
int	key_add(struct cli *c, int argc, char **argv);

/* key_url.c: key add --url, fetch, forget.  The first takes what the other options say of the keys. */
int	key_url_add(struct cli *c, const char *url, const struct signing_key_input *input);
int	key_url_fetch(struct cli *c);
int	key_url_forget(struct cli *c, const char *url);
/* The lines of key list; inside a read transaction. */
int	key_url_list(struct cli *c);

#endif
