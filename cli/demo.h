/*
 * Parts of the demo.
 */
#ifndef DEMO_H
#define DEMO_H

#include "cli.h"

/* Adds three campaigns of the coming days, in one transaction. */
enum status	demo_campaigns(struct cli *c, const char *org_id);

#endif
